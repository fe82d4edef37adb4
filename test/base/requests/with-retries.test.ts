import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { RequestFailure } from "../../../src/base/requests/failure.js";
import { withRetries } from "../../../src/base/requests/with-retries.js";

const failure = (wait?: number, transient = true) => new RequestFailure("no", { transient, billed: false, wait });

/** Fails in these ways one after the other, then succeeds; returns the number of tries and the total milliseconds. */
async function tried(failures: readonly Error[], retries: number, signal?: AbortSignal) {
  let times = 0;
  const started = performance.now();
  const outcome = await withRetries(
    async () => {
      const next = failures[times++];
      if (next) throw next;
      return "done";
    },
    { retries, random: Random.seeded(5), signal },
  ).catch((error: unknown) => error);
  return { outcome, times, milliseconds: performance.now() - started };
}

describe("withRetries", { concurrency: true }, () => {
  it("waits as long as the server asks", async () => {
    const { outcome, times, milliseconds } = await tried([failure(0.05), failure(0.05), failure(0.05)], 3);
    assert.deepEqual([outcome, times], ["done", 4]);
    // Its own waits would take at least 3.5 s.
    assert.ok(milliseconds >= 145 && milliseconds < 3000, `${milliseconds}`);
  });

  it("waits a random time of half a second to a second if the server asks for none", async () => {
    const { outcome, milliseconds } = await tried([failure()], 1);
    assert.equal(outcome, "done");
    assert.ok(milliseconds >= 1000 * (1 - Random.seeded(5).uniform() / 2) - 5, `${milliseconds}`);
  });

  it("throws the last failure with the number of tries, without retrying permanent failures", async () => {
    const exhausted = await tried([failure(0), failure(0), failure(0)], 2);
    assert.deepEqual([(exhausted.outcome as Error).message, exhausted.times], ["no (tried 3 times)", 3]);
    const permanent = await tried([failure(0, false)], 5);
    assert.deepEqual([(permanent.outcome as Error).message, permanent.times], ["no", 1]);
    const patient = await tried([failure(121)], 5);
    assert.deepEqual([(patient.outcome as Error).message, patient.times], ["no", 1]);
    const other = await tried([new Error("of ours")], 5);
    assert.deepEqual([(other.outcome as Error).message, other.times], ["of ours", 1]);
  });

  it("stops waiting when the signal aborts", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("stopped")), 20);
    const { outcome, times, milliseconds } = await tried([failure(60)], 5, abort.signal);
    assert.deepEqual([(outcome as Error).message, times], ["stopped", 1]);
    assert.ok(milliseconds < 30_000);
  });
});
