import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { batchCost } from "../../../src/model/scoring/batch-cost.js";
import { tinyConfig } from "../../support/tiny-model.js";

// Two layers of hidden size 16, feed-forward 24, 4 heads and 2 key heads of size 4: 16·16 + 2·16·8 + 16·16 + 3·16·24 weights each.
const linear = 2 * 2 * (256 + 256 + 256 + 1152);
const attention = 4 * 2 * 4 * (4 + 48);

describe("batchCost", () => {
  it("counts twice the weights per token, plus attention that grows with the square of the length", () => {
    const cost = batchCost(tinyConfig);
    assert.equal(cost({ rows: 1, length: 1 }), linear + attention);
    assert.equal(cost({ rows: 3, length: 10 }), 3 * 10 * linear + 3 * 100 * attention);
  });

  it("excludes the head, which is computed only at response tokens", () => {
    assert.equal(batchCost({ ...tinyConfig, tiedEmbeddings: false })({ rows: 1, length: 1 }), linear + attention);
  });

  it("favours one row for a long prompt, and separate rows for long responses", () => {
    const cost = batchCost(tinyConfig);
    const shared = (prompt: number, response: number) =>
      cost({ rows: 1, length: prompt + 2 * response }) / cost({ rows: 2, length: prompt + response });
    assert.ok(shared(100, 10) < 0.7);
    assert.ok(shared(5, 200) > 1.4);
  });
});
