// Prints how far every loss is from TRL's or PyTorch's float64 numbers (test/fixtures/losses), as a Markdown table: the largest
// differences of the value (relative to max(1, |value|)) and of the gradient (relative to its largest element), which onnxruntime
// computes in float32, and of the metrics with the reward that TRL logs. After a build: node scripts/compare_losses.mjs
import { OnnxEngine } from "../dist/src/engine/index.js";
import { lossFixtures, lossOf, lossOn, metricsWithTrlReward } from "../dist/test/support/loss-case.js";

const engine = new OnnxEngine({ threads: 1 });
const rows = new Map();
for (const fixture of lossFixtures()) {
  const {
    loss,
    settings: { beta: _, ...settings },
    source,
    extreme,
    value,
    gradientChosen,
    gradientRejected,
    metrics,
  } = fixture;
  const found = await lossOn(engine, lossOf(fixture), fixture.numbers);
  const name = [
    typeof loss === "string" ? loss : lossOf(fixture).name,
    ...Object.entries(settings).map((setting) => setting.join(" ")),
  ].join(", ");
  const row =
    rows.get(name) ??
    rows.set(name, { name, source, value: [0, 0], gradient: [0, 0], metrics: undefined, overflows: false }).get(name);
  const slopes = [...gradientChosen, ...gradientRejected];
  row.value[Number(extreme)] = Math.max(row.value[Number(extreme)], difference([found.loss], [value]));
  const steepest = Math.max(...slopes.map(Math.abs));
  const gradient = difference([...found.gradientChosen, ...found.gradientRejected], slopes, steepest);
  row.gradient[Number(extreme)] = Math.max(row.gradient[Number(extreme)], gradient);
  row.overflows ||= [value, ...slopes].includes(null);
  if (!metrics) continue;
  const ours = metricsWithTrlReward(fixture);
  row.metrics = Math.max(
    row.metrics ?? 0,
    difference(
      Object.keys(metrics).map((metric) => ours[metric]),
      Object.values(metrics),
    ),
  );
}
await engine.close();

/** Numbers that Python could not compute are ignored. */
function difference(found, expected, scale) {
  return Math.max(
    0,
    ...expected.map((x, i) => (x === null ? 0 : Math.abs(found[i] - x) / (scale ?? Math.max(1, Math.abs(x))))),
  );
}

const digits = (x) => (x === undefined ? "–" : x === 0 ? "0" : x.toExponential(0));
console.log(
  "| loss | against | value | gradient | value, ±1000 | gradient, ±1000 | metrics |\n| --- | --- | --- | --- | --- | --- | --- |",
);
for (const { name, source, value, gradient, metrics, overflows } of rows.values()) {
  const cells = [
    name,
    source,
    digits(value[0]),
    digits(gradient[0]),
    overflows ? "–" : digits(value[1]),
    digits(gradient[1]),
    digits(metrics),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
