import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { allOrNone } from "../../../src/base/requests/all-or-none.js";

describe("allOrNone", () => {
  it("returns the answers in order", async () => {
    assert.deepEqual(await allOrNone([1, 2], undefined, async (n, _, i) => [n, i]), [
      [1, 0],
      [2, 1],
    ]);
  });

  it("aborts the others after the first failure and throws it once they have ended", async () => {
    const ended: number[] = [];
    const ask = async (n: number, signal: AbortSignal) => {
      if (n === 1) throw new Error("first");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      ended.push(n);
      throw new Error("later");
    };
    await assert.rejects(allOrNone([0, 1, 2], undefined, ask), /first/);
    assert.deepEqual(ended, [0, 2]);
  });

  it("makes no request if the signal has aborted", async () => {
    const never = () => assert.fail("asked");
    await assert.rejects(allOrNone([1], AbortSignal.abort(new Error("stop")), never), /stop/);
  });
});
