import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TimeLimitError, withinSeconds } from "../../src/base/time-limit.js";

describe("withinSeconds", () => {
  it("returns what the work returns and throws what it throws", () => {
    assert.equal(
      withinSeconds(1, () => withinSeconds(1, () => 3) + withinSeconds(1, () => 4)),
      7,
    );
    const error = new RangeError("of the work's own");
    assert.throws(
      () =>
        withinSeconds(1, () => {
          throw error;
        }),
      (thrown) => thrown === error,
    );
  });

  it("stops a regular expression that would run for years", () => {
    const begin = performance.now();
    assert.throws(() => withinSeconds(0.2, () => /(a+)+b/u.test("a".repeat(60))), TimeLimitError);
    assert.ok(performance.now() - begin < 30_000);
    assert.equal(
      withinSeconds(1, () => "works again"),
      "works again",
    );
  });
});
