import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgeSamples } from "../../src/bootstrap/index.js";
import { sample } from "./samples.js";

const samples = [sample("a", 0, [5], 0), sample("b", 0, [6, 7], 0)];
const textOf = (tokens: readonly number[]) => tokens.join(" ");

describe("judgeSamples", () => {
  it("asks for all responses at once, by their prompts' ids, and uses the scores as rewards", async () => {
    const asked: unknown[] = [];
    const labelled = await judgeSamples(samples, textOf, async (responses) => {
      asked.push(...responses);
      return [3, 4];
    });
    assert.deepEqual(asked, [
      { id: "a", response: "5 2" },
      { id: "b", response: "6 7 2" },
    ]);
    assert.deepEqual(
      labelled.map(({ id, reward }) => [id, reward]),
      [
        ["a", 3],
        ["b", 4],
      ],
    );
  });

  it("refuses a NaN score, and too few scores", async () => {
    await assert.rejects(
      judgeSamples(samples, textOf, async () => [1, NaN]),
      {
        name: "InputError",
        message: 'judge: the score of "6 7 2" is NaN; it must be a finite number',
      },
    );
    await assert.rejects(
      judgeSamples(samples, textOf, async () => [1]),
      {
        name: "InputError",
        message: "judge: 1 scores for 2 responses; it must return one score for each",
      },
    );
  });
});
