// Regenerates data/world from its seed (after a build), and prints the statistics that data/README.md reports.
import { Random } from "../dist/src/base/random.js";
import { writeFileAtomic } from "../dist/src/base/files.js";
import { combinationKey } from "../dist/src/data/world/combinations.js";
import { generateWorld, shippedWorld } from "../dist/src/data/world/generate.js";
import { goldReward } from "../dist/src/data/world/gold.js";
import { parsePrompt } from "../dist/src/data/world/request.js";
import { vocabulary, words } from "../dist/src/data/world/vocabulary.js";
import { worldFiles } from "../dist/src/data/world/files.js";
import { answer, writers } from "../dist/src/data/world/writers.js";

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const range = (values) => `${Math.min(...values)}–${Math.max(...values)}, mean ${mean(values).toFixed(1)}`;

const world = generateWorld(shippedWorld);
for (const [path, text] of worldFiles(world)) {
  await writeFileAtomic(`data/world/${path}`, text);
  console.log(`data/world/${path}: ${(Buffer.byteLength(text) / 1e3).toFixed(0)} kB`);
}

console.log(`\nvocabulary: ${vocabulary.length} words and marks`);
const golds = world.demonstrations.map(({ prompt, response }) => goldReward(prompt, response));
console.log(`demonstrations: mean gold ${mean(golds.map(({ total }) => total)).toFixed(3)}`);
for (const part of Object.keys(golds[0])) console.log(`  ${part} ${mean(golds.map((gold) => gold[part])).toFixed(3)}`);
console.log("mean gold of each writer, answering every prompt of the demonstrations");
for (const writer of writers) {
  const scores = world.demonstrations.map(
    ({ id, prompt }) =>
      goldReward(prompt, answer(parsePrompt(prompt), writer, Random.seeded(0).fork(writer.name, id))).total,
  );
  console.log(`  ${writer.name} ${mean(scores).toFixed(3)}`);
}

const tokens = (text) => words(text).length;
for (const split of ["train", "validation", "heldOut"]) {
  const pairs = world[split];
  const untied = pairs.filter((pair) => pair.chosenScore !== pair.rejectedScore);
  const consistent = untied.filter((pair) => pair.chosenScore > pair.rejectedScore);
  console.log(
    `${split}: ${pairs.length} pairs, gold of chosen ${mean(pairs.map((pair) => pair.chosenScore)).toFixed(3)}, ` +
      `of rejected ${mean(pairs.map((pair) => pair.rejectedScore)).toFixed(3)}, labels that agree with gold ` +
      `${((100 * consistent.length) / untied.length).toFixed(1)} %, equal gold ${pairs.length - untied.length}`,
  );
  for (const field of ["prompt", "chosen", "rejected"])
    console.log(`  tokens of ${field}: ${range(pairs.map((pair) => tokens(pair[field])))}`);
}
console.log(
  `demonstrations: tokens of response ${range(world.demonstrations.map(({ response }) => tokens(response)))}`,
);

const asked = Object.entries(world).map(([split, rows]) => [
  split,
  new Set(rows.map(({ prompt }) => combinationKey(parsePrompt(prompt)))),
]);
for (const [a, inA] of asked)
  for (const [b, inB] of asked) {
    if (a < b)
      console.log(`combinations asked for in both ${a} and ${b}: ${[...inA].filter((one) => inB.has(one)).length}`);
  }
