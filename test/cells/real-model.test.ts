import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { align } from "../../src/cells/sera.js";
import { loadModel } from "../../src/cells/load-model.js";
import type { PreferencePair } from "../../src/data/pair.js";
import { encodeResponse } from "../../src/data/tokenize.js";
import type { Message } from "../../src/model/tokenizer/chat/chat.js";
import { emptyFolder } from "../support/folder.js";

/* A slice of a real run, on SmolLM2-135M-Instruct in GGUF. */

const cached = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "sera-lab",
  "SmolLM2-135M-Instruct.Q4_1.gguf",
);
const model = process.env["SERA_SMOLLM2"] ?? cached;
const skip = existsSync(model)
  ? false
  : `there is no ${model}; npm run model:smollm2 gets it, or SERA_SMOLLM2 names it`;

/** What transformers computes from the same file. */
const expected = JSON.parse(readFileSync("test/fixtures/gguf/smollm2.json", "utf8")) as {
  readonly texts: string[];
  readonly ids: number[][];
  readonly conversation: Message[];
  readonly prompt: number[];
  readonly chosen: string;
  readonly rejected: string;
  readonly logProbs: { readonly chosen: number; readonly rejected: number };
};

describe("a real model", { skip }, () => {
  test("matches transformers in tokens, chat template and log-probabilities, and learns in two steps of DPO", async (t) => {
    await using policy = await loadModel(model, { lora: { rank: 4 }, threads: 2 });
    const { tokenizer } = policy;
    expected.texts.forEach((text, i) => assert.deepEqual(tokenizer.encode(text), expected.ids[i], text));
    assert.deepEqual(tokenizer.encode(tokenizer.renderPrompt(expected.conversation).text), expected.prompt);
    assert.equal(encodeResponse(expected.conversation, expected.chosen, tokenizer).at(-1), tokenizer.eosId);

    const { conversation: prompt, chosen, rejected } = expected;
    const pairs: PreferencePair[] = [0, 1].map((i) => ({ id: `${i}`, prompt, chosen, rejected }));
    const run = await align(policy, pairs, {
      beta: 1,
      epochs: 2,
      batchSize: 2,
      microBatchSize: 1,
      learningRate: 1e-3,
      folder: join(emptyFolder(t), "run"),
      quiet: true,
    });
    const [first, second] = run.steps.objects() as Record<string, number>[];
    // The margin is 0 up to rounding, since one program scores the responses and another trains on them.
    assert.ok(Math.abs(first!["loss"]! - Math.LN2) < 1e-4, `${first!["loss"]}`);
    for (const side of ["chosen", "rejected"] as const) {
      const found = first![`logps/${side}`]!;
      assert.ok(
        Math.abs(found - expected.logProbs[side]) < 2e-3,
        `${side}: ${found}, expected ${expected.logProbs[side]}`,
      );
    }
    assert.ok(second!["rewards/margins"]! > 0 && second!["loss"]! < first!["loss"]!);
  });
});
