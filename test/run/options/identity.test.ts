import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identityOf } from "../../../src/run/options/index.js";

describe("identityOf", () => {
  it("keeps JSON values and omits undefined ones", () => {
    const options = { loss: { dpo: 0.8 }, beta: 0.1, lengthPenalty: "auto", recompute: true, list: [1, "a", null] };
    assert.deepEqual(identityOf({ ...options, perPrompt: undefined }), options);
  });

  it("keeps all fields of a custom part except its functions", () => {
    const part = {
      name: "mine",
      version: "2",
      threshold: 3,
      inner: { of: () => 1, needsReference: true },
      select: () => [],
    };
    assert.deepEqual(identityOf({ selectBy: part }), {
      selectBy: { name: "mine", version: "2", threshold: 3, inner: { needsReference: true } },
    });
  });

  it("refuses unnamed functions, NaN and collections other than arrays, by path", () => {
    const refused = (value: unknown, message: string) =>
      assert.throws(() => identityOf({ own: { part: [value] } }), { name: "InputError", message });
    refused(
      () => 1,
      "own.part[0]: found a function without a name and a version, which cannot stand in a run's identity",
    );
    refused(NaN, "own.part[0]: found NaN, which cannot stand in a run's identity");
    refused(new Map(), "own.part[0]: found a collection other than an array, which cannot stand in a run's identity");
    refused(
      new Float32Array(2),
      "own.part[0]: found a collection other than an array, which cannot stand in a run's identity",
    );
  });
});
