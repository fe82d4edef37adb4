import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { callOwn } from "../../src/base/own-function.js";

describe("callOwn", () => {
  it("gives back what the function returns, now or later", async () => {
    assert.equal(
      callOwn("rule", () => 3),
      3,
    );
    assert.equal(await callOwn("rule", async () => 4), 4);
  });

  it("names the function whose error it is, and keeps the error as the cause", async () => {
    const cause = new TypeError("rows is undefined");
    const error = {
      name: "InputError",
      message: 'selectBy: the rule "mine" threw TypeError: rows is undefined',
      cause,
    };
    const what = 'selectBy: the rule "mine"';
    assert.throws(
      () =>
        callOwn(what, () => {
          throw cause;
        }),
      error,
    );
    await assert.rejects(async () => callOwn(what, async () => Promise.reject(cause)), error);
    assert.throws(
      () =>
        callOwn(what, () => {
          throw "a text";
        }),
      { message: `${what} threw a text` },
    );
  });

  it("leaves an abort what it is", async () => {
    const signal = AbortSignal.abort();
    assert.throws(() => callOwn("rule", () => signal.throwIfAborted()), { name: "AbortError" });
    await assert.rejects(async () => callOwn("rule", async () => signal.throwIfAborted()), { name: "AbortError" });
  });
});
