import { InputError, quote } from "../base/errors.js";
import { reported, type Reporter, type TaskOptions } from "../base/task.js";
import type { Answer, Grade, Judge, Questions, ResponsePair, Verdict } from "./judge.js";
import { dollars } from "./llm/budget.js";

/** A row with what names it in errors. */
export type Named<T> = T & { readonly id?: string };

/** Where work is shown, and what stops it. */
interface RunControls {
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}

/**
 * Compares the responses of every row.
 *
 * @returns the verdicts in the order of the rows
 * @throws InputError where there are no rows, one cannot be judged (it is named), or they would cost more than the
 *   judge's caps; the signal's reason. What an LLM judge has answered until then is in its cache
 */
export async function compareAll(judge: Judge, rows: readonly Named<ResponsePair>[], work: TaskOptions = {}): Promise<Verdict[]> {
  checkRows(judge, rows, ["a", "b"]);
  await judge.plan?.({ pairs: rows });
  return judgeAll(rows, ({ prompt, a, b }, inner) => judge.compare(prompt, a, b, inner), work);
}

/** Grades the response of every row, as {@link compareAll} compares. A grade can be the reward by which samples are labelled. */
export async function gradeAll(judge: Judge, rows: readonly Named<Answer>[], work: TaskOptions = {}): Promise<Grade[]> {
  checkRows(judge, rows, ["response"]);
  await judge.plan?.({ answers: rows });
  return judgeAll(rows, ({ prompt, response }, inner) => judge.grade(prompt, response, inner), work);
}

/** {@link compareAll} as a phase under a reporter, whose line tells beforehand what it is going to cost. */
export async function compareReported(judge: Judge, rows: readonly Named<ResponsePair>[], watch: RunControls): Promise<Verdict[]> {
  checkRows(judge, rows, ["a", "b"]);
  return reported(await label(judge, { pairs: rows }), watch, (work) => compareAll(judge, rows, work));
}

/** {@link gradeAll} as {@link compareReported}. */
export async function gradeReported(judge: Judge, rows: readonly Named<Answer>[], watch: RunControls): Promise<Grade[]> {
  checkRows(judge, rows, ["response"]);
  return reported(await label(judge, { answers: rows }), watch, (work) => gradeAll(judge, rows, work));
}

async function label(judge: Judge, questions: Questions): Promise<string> {
  const cost = (await judge.plan?.(questions))?.cost;
  return `judge by ${judge.name}${cost === undefined ? "" : ` (about ${dollars(cost)})`}`;
}

async function judgeAll<R extends { readonly id?: string }, T>(
  rows: readonly R[],
  one: (row: R, work: { readonly signal: AbortSignal }) => Promise<T>,
  { signal, onProgress }: TaskOptions,
): Promise<T[]> {
  signal?.throwIfAborted();
  // The first failure keeps the others from beginning; those that are under way end, and are kept.
  const failed = new AbortController();
  const both = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  let done = 0;
  onProgress?.(done, rows.length);
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

/** Rows come from tables, which hold anything. */
function checkRows<R extends Named<{ readonly prompt: unknown }>>(judge: Judge, rows: readonly R[], responses: readonly (keyof R & string)[]): void {
  if (rows.length === 0) throw new InputError(`${judge.name}: found no rows to judge, expected at least one`);
  for (const [i, row] of rows.entries()) {
    const lack = (name: keyof R & string, expected: string) =>
      new InputError(`${rowName(row, i)}: found ${row[name] == null ? "nothing" : quote(row[name])} in "${name}", expected ${expected}`);
    if (typeof row.prompt !== "string" && !Array.isArray(row.prompt)) throw lack("prompt", "text or a list of messages");
    const missing = responses.find((name) => typeof row[name] !== "string");
    if (missing !== undefined) throw lack(missing, "a response as text");
  }
}

function rowName({ id }: { readonly id?: string }, i: number): string {
  return id === undefined ? `row ${i}` : `row ${quote(id)}`;
}
