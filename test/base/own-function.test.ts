import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InputError } from "../../src/base/errors.js";
import { askOwn, callOwn } from "../../src/base/own-function.js";

describe("callOwn", () => {
  it("returns what the function returns, directly or as a promise", async () => {
    assert.equal(
      callOwn("rule", () => 3),
      3,
    );
    assert.equal(await callOwn("rule", async () => 4), 4);
  });

  it("names the function that threw and keeps its error as the cause", async () => {
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

  it("passes an abort on unchanged", async () => {
    const signal = AbortSignal.abort();
    assert.throws(() => callOwn("rule", () => signal.throwIfAborted()), { name: "AbortError" });
    await assert.rejects(async () => callOwn("rule", async () => signal.throwIfAborted()), { name: "AbortError" });
  });
});

const never = async () => new Promise<number>(() => {});

describe("callOwn under a signal", () => {
  it("does not wait for a call that never settles if the signal aborts or has aborted", async () => {
    const abort = new AbortController();
    const reason = new Error("stopped");
    const waiting = callOwn("judge", never, { signal: abort.signal });
    abort.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    await assert.rejects(callOwn("judge", never, { signal: abort.signal }), (error) => error === reason);
    // Also for a time limit, which has no AbortError as its reason, and for a function that throws the reason itself.
    const late = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    const thrower = async () => late.throwIfAborted();
    await assert.rejects(callOwn("judge", thrower, { signal: late }), { name: "TimeoutError" });
  });

  it("waits for the grace period after an abort and returns a result that comes within it", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const abort = new AbortController();
    let answer: (value: number) => void = () => {};
    const later = new Promise<number>((resolve) => (answer = resolve));
    const [kept, left] = [later, never()].map((promise) =>
      callOwn("judge", async () => promise, { signal: abort.signal, grace: 100 }),
    );
    abort.abort(new Error("stopped"));
    test.mock.timers.tick(99);
    answer(7);
    assert.equal(await kept, 7);
    test.mock.timers.tick(1);
    await assert.rejects(left!, { message: "stopped" });
  });
});

describe("askOwn", () => {
  it("adds only the place to an InputError, and also who was asked to other errors", async () => {
    const ask = async (error: Error) => askOwn('row "7": ', 'the judge "mine"', () => Promise.reject(error), {});
    await assert.rejects(ask(new InputError("no key")), { name: "InputError", message: 'row "7": no key' });
    await assert.rejects(ask(new TypeError("no")), { message: 'row "7": the judge "mine" threw TypeError: no' });
  });
});
