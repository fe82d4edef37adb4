import type { RunFolder } from "../align/run-folder.js";
import type { Random } from "../base/random.js";
import type { Reporter } from "../base/task.js";
import type { Policy } from "../model/policy.js";
import type { PairValues } from "../review/index.js";
import type { Evaluation } from "../run/summary.js";
import { evaluate, type HeldOut, type JudgedResponse } from "./evaluate.js";

/** A held-out pair's log-probabilities. */
interface PairRow {
  readonly id: string;
  readonly chosen: number;
  readonly rejected: number;
}

/**
 * Evaluates the policy of each iteration of a run against iteration 0, the reference, and stores its responses in
 * `iteration-N/responses.jsonl`. All iterations sample with the same random streams, so that only training makes them differ.
 */
export function evaluateInFolder(
  heldOut: HeldOut,
  folder: RunFolder,
  random: Random,
  work: { readonly signal?: AbortSignal; readonly reporter?: Reporter },
): (policy: Policy, iteration: number) => Promise<Evaluation> {
  const responsesFile = (iteration: number) => `iteration-${iteration}/responses.jsonl`;
  const scoresFile = "iteration-0/held-out.jsonl";
  return async (policy, iteration) => {
    const against =
      iteration === 0
        ? undefined
        : {
            reference: values(await folder.rows<PairRow>(scoresFile, () => missing(scoresFile))),
            rivals: await folder.rows<JudgedResponse>(responsesFile(0), () => missing(responsesFile(0))),
          };
    const { evaluation, responses, logProbs } = await evaluate(policy, heldOut, against, random, work);
    await folder.rows(responsesFile(iteration), async () => responses);
    if (iteration === 0) {
      await folder.rows<PairRow>(scoresFile, async () =>
        heldOut.pairs.map(({ id }, i) => ({ id, chosen: logProbs.chosen[i]!, rejected: logProbs.rejected[i]! })),
      );
    }
    return evaluation;
  };
}

function values(rows: readonly PairRow[]): PairValues {
  return {
    chosen: Float64Array.from(rows, ({ chosen }) => chosen),
    rejected: Float64Array.from(rows, ({ rejected }) => rejected),
  };
}

function missing(file: string): never {
  throw new Error(`${file} is missing; evaluate the reference (iteration 0) before the policies trained from it`);
}
