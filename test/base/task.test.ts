import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reported, reportedIfSlow, type Reporter, type TaskOptions } from "../../src/base/task.js";

/** A reporter that records its calls in order. */
function recorder(): { reporter: Reporter; told: unknown[] } {
  const told: unknown[] = [];
  const reporter: Reporter = {
    start(label, total, unit) {
      told.push(["start", label, total, unit]);
      return { update: (done) => void told.push(["update", done]), finish: () => void told.push(["finish"]) };
    },
  };
  return { reporter, told };
}

describe("reportedIfSlow", () => {
  const after = (seconds: number) =>
    new Promise<string>((resolve) => setTimeout(() => resolve("done"), seconds * 1000));

  it("reports only work that takes longer than two seconds", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const { reporter, told } = recorder();
    const short = reportedIfSlow("digest", { reporter }, () => after(1.9));
    test.mock.timers.tick(1900);
    assert.equal(await short, "done");
    test.mock.timers.tick(10_000);
    assert.deepEqual(told, []);
    const long = reportedIfSlow("digest", { reporter }, () => after(5));
    test.mock.timers.tick(2000);
    assert.deepEqual(told, [["start", "digest", 1, undefined]]);
    test.mock.timers.tick(3000);
    await long;
    assert.deepEqual(told, [["start", "digest", 1, undefined], ["update", 1], ["finish"]]);
  });
});

describe("reported", () => {
  it("reports a phase from its first progress to its end", async () => {
    const { reporter, told } = recorder();
    const result = await reported("score", "pairs", { reporter }, async ({ onProgress }: TaskOptions) => {
      onProgress?.(1, 2);
      onProgress?.(2, 2);
      return "done";
    });
    assert.equal(result, "done");
    assert.deepEqual(told, [["start", "score", 2, "pairs"], ["update", 1], ["update", 2], ["finish"]]);
  });

  it("ends the phase if the work fails, and reports none without progress", async () => {
    const { reporter, told } = recorder();
    const failing = async ({ onProgress }: TaskOptions) => {
      onProgress?.(1, 2);
      throw new Error("broken");
    };
    await assert.rejects(reported("score", "pairs", { reporter }, failing), /broken/);
    await reported("nothing", "pairs", { reporter }, async () => {});
    assert.deepEqual(told, [["start", "score", 2, "pairs"], ["update", 1], ["finish"]]);
  });

  it("passes the signal on if there is one", async () => {
    const { signal } = new AbortController();
    assert.equal(await reported("x", "pairs", { signal }, async (work) => work.signal), signal);
    assert.equal(await reported("x", "pairs", {}, async (work) => "signal" in work), false);
  });
});
