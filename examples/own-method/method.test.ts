import assert from "node:assert/strict";
import { it } from "node:test";
import { align, loadModel, loadPreferences, train, world } from "sera-lab";
import { hardestFirst, offsetDpo } from "./method.js";

const { pairs } = await loadPreferences(world.train, { limit: 16 });
const quick = { maxNewTokens: 8, batchSize: 8, seed: 1 };

it("an offset raises the first loss from ln 2 to −log σ(−β · offset)", async () => {
  await using start = await loadModel(world.sft);
  const run = await align(start, pairs, { ...quick, loss: offsetDpo(0.5, 2) });
  const { loss } = run.steps.object(0) as { loss: number };
  assert.ok(Math.abs(loss - Math.log(1 + Math.exp(0.5 * 2))) < 1e-4);
});

it("the hardest pairs come first, and then all", async () => {
  await using start = await loadModel(world.sft);
  const run = await train(start, pairs, hardestFirst({ ...quick, beta: 0.5, share: 0.25 }));
  assert.deepEqual(run.iterations.map(({ pairsSelected }) => pairsSelected), [null, 4, 16]);
});
