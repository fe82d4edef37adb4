import { InputError, quote } from "../base/errors.js";
import { reported, type Reporter, type Work } from "../base/work.js";
import type { Answer, ResponsePair, Grade, Judge, Verdict } from "./judge.js";
import { dollars } from "./llm/budget.js";

/** A row with what names it in errors. */
export type Named<T> = T & { readonly id?: string };

/**
 * Compares the responses of every row.
 *
 * @returns the verdicts in the order of the rows
 * @throws InputError where there are no rows, one cannot be judged (it is named), or they would cost more than the
 *   judge's caps; the signal's reason. What an LLM judge has answered until then is in its cache
 */
export function compareAll(judge: Judge, rows: readonly Named<ResponsePair>[], work: Work = {}): Promise<Verdict[]> {
  return judgeAll(judge, rows, ({ prompt, a, b }, inner) => judge.compare(prompt, a, b, inner), work);
}

/** Grades the response of every row, as {@link compareAll} compares. A grade can be the reward by which samples are labelled. */
export function gradeAll(judge: Judge, rows: readonly Named<Answer>[], work: Work = {}): Promise<Grade[]> {
  return judgeAll(judge, rows, ({ prompt, response }, inner) => judge.grade(prompt, response, inner), work);
}

/**
 * {@link compareAll} or {@link gradeAll} as a phase under a reporter; its line begins with what it is going to cost.
 */
export async function judgeReported<R extends ResponsePair | Answer, T>(
  all: (judge: Judge, rows: readonly Named<R>[], work: Work) => Promise<T[]>,
  judge: Judge,
  rows: readonly Named<R>[],
  work: { readonly signal?: AbortSignal; readonly reporter?: Reporter },
): Promise<T[]> {
  const estimate = rows.every(isWhole) ? await judge.plan?.(rows) : undefined;
  const cost = estimate?.cost === undefined ? "" : ` (about ${dollars(estimate.cost)})`;
  return reported(`judge by ${judge.name}${cost}`, work, (inner) => all(judge, rows, inner));
}

async function judgeAll<R extends Named<ResponsePair | Answer>, T>(
  judge: Judge,
  rows: readonly R[],
  one: (row: R, work: { readonly signal: AbortSignal }) => Promise<T>,
  { signal, onProgress }: Work,
): Promise<T[]> {
  if (rows.length === 0) throw new InputError(`${judge.name}: found no rows to judge, expected at least one`);
  signal?.throwIfAborted();
  const broken = rows.findIndex((row) => !isWhole(row));
  if (broken !== -1) throw new InputError(`${rowName(rows[broken]!, broken)}: ${lack(rows[broken]!)}`);
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

function rowName(row: Named<ResponsePair | Answer>, i: number): string {
  return row.id === undefined ? `row ${i}` : `row ${quote(row.id)}`;
}

/** Rows come from tables, which hold anything. */
function isWhole(row: ResponsePair | Answer): boolean {
  return (typeof row.prompt === "string" || Array.isArray(row.prompt)) && responsesOf(row).every(([, response]) => typeof response === "string");
}

function responsesOf(row: ResponsePair | Answer): [name: string, response: unknown][] {
  return "response" in row ? [["response", row.response]] : [["a", row.a], ["b", row.b]];
}

function lack(row: ResponsePair | Answer): string {
  const [name, value] = responsesOf(row).find(([, response]) => typeof response !== "string") ?? ["prompt", row.prompt];
  return `found ${value == null ? "nothing" : quote(value)} in "${name}", expected ${name === "prompt" ? "text or a list of messages" : "a response as text"}`;
}
