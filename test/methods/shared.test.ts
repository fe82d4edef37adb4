import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as methods from "../../src/methods/index.js";
import { checkShared, takenBy } from "../../src/methods/shared.js";

describe("options that methods share", () => {
  it("are passed to each method that takes them", () => {
    const shared = { beta: 0.5, batchSize: 4 };
    assert.deepEqual(takenBy(methods.sft(), shared), { batchSize: 4 });
    assert.deepEqual(takenBy(methods.direct(), shared), shared);
  });

  it("are refused if no method takes them", () => {
    checkShared("compare", [methods.sft(), methods.direct()], { beta: 1, rounds: 2 });
    const refuses = (shared: object, message: string | RegExp) =>
      assert.throws(() => checkShared("compare", [methods.sft()], shared), { name: "InputError", message });
    refuses({ beta: 1 }, /^`beta` is not an option of compare; it belongs to direct, sera/);
    refuses({ betchSize: 1 }, "`betchSize` is not an option of compare; did you mean `batchSize`?");
  });
});
