import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MethodComparison } from "../../src/cells/method-comparison.js";
import type { Run } from "../../src/cells/run.js";
import { tableOf } from "../../src/cells/table-of.js";
import { crossedInterval } from "../../src/stats/crossed.js";

describe("MethodComparison", () => {
  it("pairs runs by seed and prompt, and counts wins against each run's own start", () => {
    /** A run with these gold rewards of two prompts' responses, at the start and at the end. */
    const finished = (begun: readonly number[], ended: readonly number[], ids = ["a", "b"]) => {
      const responses = (golds: readonly number[]) => tableOf(golds.map((gold, i) => ({ id: ids[i]!, gold })));
      const summary = (golds: readonly number[]) => ({
        goldReward: golds[0],
        seconds: { training: 0, scoring: 0, sampling: 0, evaluation: 0 },
        pairsSeen: 0,
      });
      return {
        folder: "",
        summary: {},
        iterations: [summary(begun), summary(ended)],
        iteration: (t: number) => ({ responses: responses([begun, ended][t]!) }),
        goldRewards: (t: number) => [begun, ended][t]!,
      } as unknown as Run;
    };
    const baseline = [finished([0.5, 0.5], [0.1, 0.3]), finished([0.2, 0.2], [0.8, 0.4])];
    const other = [finished([0.5, 0.5], [0.4, 0.4]), finished([0.2, 0.2], [0.9, 0.5])];
    const result = new MethodComparison({ baseline, other }, [1, 2]);
    // Mean differences of the seeds: (.3 + .1)/2 and (.1 + .1)/2; paired crosswise they would be −.2 and .5.
    const [difference] = result.differencesFrom("baseline");
    assert.ok(Math.abs(difference!.mean - 0.15) < 1e-12);
    assert.ok(Math.abs(difference!.seedDeviation! - 0.1 / Math.SQRT2) < 1e-12);
    const { name: _, adjustedPValue: __, significant: ___, ...alone } = difference!;
    assert.deepEqual(result.difference("other", "baseline"), { ...alone, over: "seeds and prompts" });
    assert.ok(Math.abs(result.difference("baseline", "other").mean + 0.15) < 1e-12);
    const paired = crossedInterval(
      [
        [0.4 - 0.1, 0.4 - 0.3],
        [0.9 - 0.8, 0.5 - 0.4],
      ],
      { low: -1, high: 1 },
    );
    assert.deepEqual(result.difference("other", "baseline"), paired);
    const reversed = [finished([0.5, 0.5], [0.3, 0.1], ["b", "a"]), finished([0.2, 0.2], [0.4, 0.8], ["b", "a"])];
    const byId = new MethodComparison({ baseline: reversed, other }, [1, 2]);
    assert.deepEqual(byId.difference("other", "baseline"), paired);
    const elsewhere = finished([0.5, 0.5], [0.3, 0.1], ["b", "c"]);
    assert.throws(
      () => new MethodComparison({ elsewhere: [elsewhere, elsewhere], other }, [1, 2]).difference("other", "elsewhere"),
      {
        name: "InputError",
        message: /^prompt "a" was answered in only one of two runs/,
      },
    );
    // Wins of the seeds: none of two and both; against the other seed's start they would be 0 and 1 of 2 the other way round.
    assert.deepEqual(
      result.winRates.map(({ mean }) => mean),
      [0.5, 0.5],
    );
    const uneven = new MethodComparison(
      { other: [finished([0.5, 0.5], [0.4, 0.6]), finished([0.2, 0.9], [0.9, 0.5])] },
      [1, 2],
    );
    // ½ and ½ against their own starts; the first seed's end beats the second's start once, the second's the first's start once and ties once.
    assert.deepEqual(
      uneven.winRates.map(({ mean }) => mean),
      [0.5],
    );
  });
});
