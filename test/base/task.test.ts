import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cell } from "../../src/notebook/display.js";
import { reported, reportedIfSlow, type Reporter, type TaskOptions } from "../../src/base/task.js";

/** A reporter that records its calls in order. */
function recorder(): { reporter: Reporter; told: unknown[] } {
  const told: unknown[] = [];
  const reporter: Reporter = {
    start(label, total, unit) {
      told.push(["start", label, total, unit]);
      return {
        update: (done) => void told.push(["update", done]),
        between: (text) => void told.push(["between", text]),
        finish: () => void told.push(["finish"]),
      };
    },
    note: (text) => void told.push(["note", text]),
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

  it("has the phases within it on its own line, and their notes after it", async () => {
    const { reporter, told } = recorder();
    await reported("judge", "pairs", { reporter }, async ({ onProgress }) => {
      onProgress?.(0, 2);
      // What the user's own function calls shows its progress in the cell.
      await reported("respond", "responses", cell, async (inner) => {
        inner.onNote?.("one prompt has an unknown token");
        inner.onProgress?.(1, 4);
        await reported("score", "pairs", cell, async (innermost) => innermost.onProgress?.(1, 3));
        assert.deepEqual(told.at(-1), ["between", "respond: score 1/3 pairs"]);
      });
      onProgress?.(2, 2);
    });
    assert.deepEqual(told, [
      ["start", "judge", 2, "pairs"],
      ["update", 0],
      ["between", "respond 1/4 responses"],
      ["between", "respond: score 1/3 pairs"],
      ["update", 2],
      ["finish"],
      ["note", "respond: one prompt has an unknown token"],
    ]);
  });

  it("has its own line beside a phase that is not around it", async () => {
    const [first, second] = [recorder(), recorder()];
    await Promise.all(
      [first, second].map(({ reporter }, i) =>
        reported(`task ${i}`, "pairs", { reporter }, async ({ onProgress }) => {
          onProgress?.(0, 1);
          await new Promise(setImmediate);
          await reported("respond", "responses", cell, async (inner) => inner.onProgress?.(1, 1));
        }),
      ),
    );
    for (const [i, { told }] of [first, second].entries())
      assert.deepEqual(told, [
        ["start", `task ${i}`, 1, "pairs"],
        ["update", 0],
        ["between", "respond 1/1 responses"],
        ["finish"],
      ]);
  });
});
