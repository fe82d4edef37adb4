import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { compare } from "../../src/cells/compare.js";
import { align } from "../../src/cells/sera.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { loadPrompts } from "../../src/data/load-prompts.js";
import { world } from "../../src/data/world/shipped.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import * as methods from "../../src/methods/index.js";
import { inEmptyFolder } from "../support/folder.js";
import { worldPolicy } from "../support/world-policy.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

const start = await worldPolicy(programs);
const { pairs } = await loadPreferences(world.train, { limit: 8 });
const { pairs: heldOutPairs } = await loadPreferences(world.heldOut, { limit: 4 });
const { prompts } = await loadPrompts(world.heldOut, { limit: 4 });
const shared = { beta: 0.5, batchSize: 4, learningRate: 1e-2, maxNewTokens: 8, seed: 3, quiet: true };

describe("held-out prompts without responses", () => {
  it("are answered as those of pairs are, and no labels are compared", async (test) => {
    inEmptyFolder(test);
    const [ofPairs, ofPrompts] = [
      await align(start, pairs, { ...shared, heldOut: heldOutPairs }),
      await align(start, pairs, { ...shared, heldOut: prompts }),
    ];
    assert.notEqual(ofPrompts.folder, ofPairs.folder);
    for (const t of [0, 1]) {
      assert.deepEqual(ofPrompts.goldRewards(t), ofPairs.goldRewards(t));
      assert.deepEqual(ofPrompts.iteration(t).responses.objects(), ofPairs.iteration(t).responses.objects());
    }
    const [last, other] = [ofPrompts.iterations[1]!, ofPairs.iterations[1]!];
    assert.deepEqual([last.accuracy, last.meanMargin], [null, null]);
    assert.notEqual(other.accuracy, null);
    assert.deepEqual([last.goldReward, last.winRate], [other.goldReward, other.winRate]);
    assert.ok(existsSync(join(ofPrompts.folder, "held-out-prompts.jsonl")));
  });

  it("are part of the run's identity", async (test) => {
    inEmptyFolder(test);
    const folders = [];
    for (const heldOut of [prompts, prompts.slice(1), prompts.toReversed(), prompts])
      folders.push((await align(start, pairs, { ...shared, heldOut })).folder);
    assert.equal(new Set(folders).size, 3);
    assert.equal(folders[3], folders[0]);
  });

  it("serve a comparison", async (test) => {
    inEmptyFolder(test);
    const { seed: _, ...options } = { ...shared, heldOut: prompts, seeds: [1] };
    const { rows } = await compare(start, pairs, { DPO: methods.direct({ rounds: 1 }) }, options);
    assert.equal(rows.length, 2);
    assert.ok(rows.every(({ goldReward }) => typeof goldReward === "number"));
  });

  it("are refused beside pairs, without ids or without a gold reward", async (test) => {
    inEmptyFolder(test);
    const refuses = (heldOut: object[], message: RegExp) =>
      assert.rejects(align(start, pairs, { ...shared, heldOut: heldOut as never }), { name: "InputError", message });
    await refuses([...heldOutPairs, ...prompts], /^heldOut: row 5 is a prompt and row 1 a pair/);
    await refuses([{ prompt: prompts[0]!.prompt }], /^held-out row 1/);
    await assert.rejects(align(start, pairs, { ...shared, heldOut: prompts, evaluateEvery: 1 }), {
      name: "InputError",
      message: /no responses to compute a loss on; pass pairs as `validation` or `heldOut` \(prompts alone/,
    });
    await refuses(
      [...prompts, { id: "a", prompt: "Who are you?" }],
      /^heldOut: the prompt "a" has neither responses nor a gold reward .*: "Who are you\?"; leave it out, or give/,
    );
  });
});
