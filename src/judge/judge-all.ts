import { InputError, quote } from "../base/errors.js";
import type { Work } from "../base/work.js";
import { judgedPrompt, type Answer, type Comparison, type Grade, type Judge, type Verdict } from "./judge.js";

/** A row with what names it in errors. */
type Named<T> = T & { readonly id?: string };

/**
 * Compares the responses of every row.
 *
 * @returns the verdicts in the order of the rows
 * @throws InputError where there are no rows, one cannot be judged (it is named), or they would cost more than the
 *   judge's caps; the signal's reason. What an LLM judge has answered until then is in its cache
 */
export function compareAll(judge: Judge, rows: readonly Named<Comparison>[], work: Work = {}): Promise<Verdict[]> {
  return judgeAll(judge, rows, ({ prompt, a, b }, inner) => judge.compare(prompt, a, b, inner), work);
}

/** Grades the response of every row, as {@link compareAll} compares. A grade can be the reward by which samples are labelled. */
export function gradeAll(judge: Judge, rows: readonly Named<Answer>[], work: Work = {}): Promise<Grade[]> {
  return judgeAll(judge, rows, ({ prompt, response }, inner) => judge.grade(prompt, response, inner), work);
}

async function judgeAll<R extends Named<Comparison | Answer>, T>(
  judge: Judge,
  rows: readonly R[],
  one: (row: R, work: { readonly signal: AbortSignal }) => Promise<T>,
  { signal, onProgress }: Work,
): Promise<T[]> {
  if (rows.length === 0) throw new InputError(`${judge.name}: found no rows to judge, expected at least one`);
  signal?.throwIfAborted();
  await judge.plan?.(rows);
  // The first failure keeps the others from beginning; those that are under way end, and are kept.
  const failed = new AbortController();
  const both = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  let done = 0;
  const results = await Promise.allSettled(
    rows.map(async (row, i) => {
      try {
        const result = await one(row, { signal: both });
        onProgress?.(++done, rows.length);
        return result;
      } catch (error) {
        const named = error instanceof InputError ? new InputError(`${rowName(row, i)}: ${error.message}`) : error;
        failed.abort(named);
        throw named;
      }
    }),
  );
  both.throwIfAborted();
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}

function rowName(row: Named<Comparison | Answer>, i: number): string {
  return row.id === undefined ? `row ${i} (${quote(judgedPrompt(row.prompt))})` : `row ${quote(row.id)}`;
}
