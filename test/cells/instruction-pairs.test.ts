import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { instructionPairs } from "../../src/cells/instruction-pairs.js";
import { loadModel } from "../../src/cells/load-model.js";
import { goldRewardOf } from "../../src/data/gold.js";
import { generateInstructions } from "../../src/data/instructions/generate.js";
import { emptyFolder } from "../support/folder.js";

const { train: prompts } = generateInstructions({ seed: 5, train: 12, validation: 0, heldOut: 0 });
/** It knows only the instructions' words, so its responses are not sentences, but differ in length, case and words. */
const model = await loadModel("tiny", {
  threads: 1,
  pairs: prompts.map(({ id, prompt: [{ content }] }) => ({ id, prompt: content, chosen: "yes", rejected: "no" })),
});

describe("instructionPairs", () => {
  for (const writers of ["own", "mixed"] as const) {
    it(`pairs answers of unequal gold reward and reuses the saved pairs (writers: ${writers})`, async (test) => {
      const folder = emptyFolder(test);
      const options = { writers, maxNewTokens: 12, seed: 1, folder };
      const pairs = await instructionPairs(model, prompts, options);
      assert.ok(pairs.length > 0 && pairs.length <= prompts.length);
      for (const { id, prompt, chosen, rejected, chosenScore, rejectedScore } of pairs) {
        assert.deepEqual(prompt, prompts.find((one) => one.id === id)!.prompt);
        const reward = goldRewardOf(prompt)!;
        assert.deepEqual(
          [chosenScore, rejectedScore],
          [chosen, rejected].map((response) => Number(reward(response).toFixed(4))),
        );
        assert.notEqual(chosenScore, rejectedScore);
      }
      const [file] = readdirSync(folder);
      const { mtimeMs } = statSync(join(folder, file!));
      assert.deepEqual(await instructionPairs(model, prompts, options), pairs);
      assert.equal(statSync(join(folder, file!)).mtimeMs, mtimeMs);
      assert.notDeepEqual(await instructionPairs(model, prompts, { ...options, seed: 2 }), pairs);
      assert.equal(readdirSync(folder).length, 2);
    });
  }

  it("labels by Bradley–Terry, so that the better answer is chosen mostly but not always", async (test) => {
    const many = generateInstructions({ seed: 6, train: 150, validation: 0, heldOut: 0 }).train;
    const pairs = await instructionPairs(model, many, { maxNewTokens: 10, folder: emptyFolder(test) });
    const p = pairs.map(
      ({ chosenScore, rejectedScore }) => 1 / (1 + Math.exp(-Math.abs(chosenScore! - rejectedScore!) / 0.1)),
    );
    const expected = p.reduce((sum, one) => sum + one, 0);
    const deviation = Math.sqrt(p.reduce((sum, one) => sum + one * (1 - one), 0));
    const right = pairs.filter(({ chosenScore, rejectedScore }) => chosenScore! > rejectedScore!).length;
    assert.ok(
      Math.abs(right - expected) < 4 * deviation,
      `${right} of ${pairs.length} right, expected ${expected} ± ${deviation}`,
    );
    assert.ok(right < pairs.length);
  });

  it("refuses prompts without a gold reward, and prompts that are texts", async () => {
    await assert.rejects(
      instructionPairs(model, [{ id: "a", prompt: [{ role: "user", content: "Hello" }] }]),
      /^InputError: there is no gold reward for/,
    );
    const text = prompts[0]!.prompt[0].content;
    await assert.rejects(
      instructionPairs(model, [{ id: "a", prompt: text }]),
      /^InputError: instructionPairs: found a prompt that is a text, expected conversations/,
    );
  });
});
