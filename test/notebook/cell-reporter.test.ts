import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reported } from "../../src/base/task.js";
import { cellReporter } from "../../src/notebook/cell-reporter.js";
import { listeningHost } from "./listening-host.js";
import { onlyOurMarkup } from "./markup.js";

const texts = (shown: ReturnType<typeof listeningHost>) => shown.map(({ bundle }) => bundle["text/plain"] as string);

it("a phase is one output, updated in place at most five times a second, and keeps its last state", async () => {
  const shown = listeningHost();
  const line = cellReporter().start("align <1/3>", 2000, "steps");
  for (let step = 1; step <= 160; step++) {
    await sleep(10);
    line.update(step === 160 ? 2000 : step, { loss: 0.6931, accuracy: 0.5, tokens: 1000 * step });
  }
  line.finish();
  line.update(3);
  line.finish("again");

  assert.ok(
    shown.length >= 4 && shown.length <= 10,
    `${shown.length} updates in 1.6 s, with none in the first half second`,
  );
  assert.equal(new Set(shown.map(({ id }) => id)).size, 1);
  assert.deepEqual(
    shown.map(({ update }) => update),
    shown.map((_, i) => i > 0),
  );
  assert.match(
    texts(shown)[1]!,
    /^align <1\/3> {2}█{0,2}░{18,20} {2}\d+\/2,000 steps · \d+ % · loss 0\.6931 · accuracy 50\.0 % · [\d,]+ tokens\/s · 0:01 elapsed · \d+:\d+ left$/,
  );
  assert.match(
    texts(shown).at(-1)!,
    /^✓ align <1\/3> · 2,000 steps in 0:02 · loss 0\.6931 · accuracy 50\.0 % · [\d,]+ tokens\/s$/,
  );
  for (const { bundle } of shown) onlyOurMarkup(bundle["text/html"]);
  assert.match(
    shown[1]!.bundle["text/html"] as string,
    /<span style="white-space:nowrap">0:01 elapsed<\/span> · <span/,
  );
});

it("a phase is shown before its first step, and reports where it stopped", async () => {
  const shown = listeningHost();
  const line = cellReporter().start("score", 141, "pairs");
  await sleep(600);
  line.update(62);
  line.finish();
  assert.match(texts(shown)[0]!, /^score {2}░{20} {2}0\/141 pairs · 0 % · 0:0[01] elapsed$/);
  assert.match(texts(shown).at(-1)!, /^■ score · stopped at 62\/141 pairs after 0:01$/);
  assert.notEqual(shown[0]!.id, undefined);
});

it("a phase shows work between its steps until the next one", async () => {
  const shown = listeningHost();
  const line = cellReporter().start("SeRA", 24, "steps");
  await sleep(600);
  line.between!("review 2/3 100/184 pairs");
  await sleep(300);
  line.between!("review 2/3 184/184 pairs");
  await sleep(300);
  line.update(24);
  line.finish();
  const [, ...rest] = texts(shown).map((text) => text.replace(/ {2}[░█]+/, ""));
  assert.match(rest[0]!, /^SeRA {2}0\/24 steps · 0 % · review 2\/3 1(00|84)\/184 pairs · \d:\d\d elapsed$/);
  assert.match(rest.at(-1)!, /^✓ SeRA · 24 steps in 0:0[1-9]$/);
});

it("a short phase shows only its final metrics, or nothing if it has none", async () => {
  const shown = listeningHost();
  const reporter = cellReporter();
  await reported("tokenize", "pairs", { reporter }, async ({ onProgress }) => onProgress!(9, 9));
  await reported("align", "steps", { reporter }, async ({ onProgress }) => onProgress!(2, 2, { loss: 0.25 }));
  const failed = reported("sft", "steps", { reporter }, async ({ onProgress }) => {
    onProgress!(1, 2, { loss: 0.5 });
    throw new Error("interrupted");
  });
  await assert.rejects(failed, /interrupted/);
  assert.deepEqual(texts(shown), [
    "✓ align · 2 steps in 0:00 · loss 0.2500",
    "■ sft · stopped at 1/2 steps after 0:00 · loss 0.5000",
  ]);
  assert.deepEqual(
    shown.map(({ update }) => update),
    [false, false],
  );
  await sleep(600);
  assert.equal(shown.length, 2);
});

it("a phase of unknown length shows no count", async () => {
  const shown = listeningHost();
  const line = cellReporter().start("digest of the start model", 1);
  await sleep(600);
  line.update(1);
  line.finish();
  assert.match(texts(shown)[0]!, /^digest of the start model {2}░{20} {2}0 % · 0:0[01] elapsed$/);
  assert.match(texts(shown).at(-1)!, /^✓ digest of the start model · in 0:01$/);
});
