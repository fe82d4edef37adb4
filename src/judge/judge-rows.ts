import { InputError, quote } from "../base/errors.js";
import { allOrNone } from "../base/requests/all-or-none.js";
import { askOwn, interruptGrace } from "../base/own-function.js";
import { reported, type Reporter, type TaskOptions } from "../base/task.js";
import type { Choice, PromptResponse, Grade, Judge, JudgeRequest, ResponsePair, Verdict } from "./judge.js";
import { dollars } from "./llm/budget.js";

/** A row, with the id that names it in errors. */
export type Named<T> = T & { readonly id?: string };

/** Cancellation and progress display. */
interface RunControls {
  readonly signal?: AbortSignal;
  readonly reporter?: Reporter;
}

/**
 * Compares the two responses of every row.
 *
 * @returns the verdicts, in the order of the rows
 * @throws InputError if there are no rows, a row cannot be judged (the error names it), or the rows would cost more
 *   than the judge's caps; the signal's reason. Answers that an LLM judge has already given are in its cache
 */
export async function judgePairs(
  judge: Judge,
  rows: readonly Named<ResponsePair>[],
  work: TaskOptions = {},
): Promise<Verdict[]> {
  checkRows(judge, rows, ["a", "b"]);
  await judge.plan?.({ pairs: rows });
  return judgeAll(judge, rows, ({ prompt, a, b }, inner) => judge.compare(prompt, a, b, inner), asVerdict, work);
}

/**
 * Grades the response of every row; arguments and errors are as for {@link judgePairs}. Grades can serve as rewards to
 * label samples.
 */
export async function gradeResponses(
  judge: Judge,
  rows: readonly Named<PromptResponse>[],
  work: TaskOptions = {},
): Promise<Grade[]> {
  checkRows(judge, rows, ["response"]);
  await judge.plan?.({ responses: rows });
  return judgeAll(judge, rows, ({ prompt, response }, inner) => judge.grade(prompt, response, inner), asGrade, work);
}

/** {@link judgePairs} with a progress line, which shows the estimated cost. */
export async function judgePairsWithProgress(
  judge: Judge,
  rows: readonly Named<ResponsePair>[],
  controls: RunControls,
): Promise<Verdict[]> {
  checkRows(judge, rows, ["a", "b"]);
  return reported(await label(judge, { pairs: rows }), "pairs", controls, (work) => judgePairs(judge, rows, work));
}

/** {@link gradeResponses} with a progress line, which shows the estimated cost. */
export async function gradeResponsesWithProgress(
  judge: Judge,
  rows: readonly Named<PromptResponse>[],
  controls: RunControls,
): Promise<Grade[]> {
  checkRows(judge, rows, ["response"]);
  return reported(await label(judge, { responses: rows }), "responses", controls, (work) =>
    gradeResponses(judge, rows, work),
  );
}

async function label(judge: Judge, request: JudgeRequest): Promise<string> {
  const cost = (await judge.plan?.(request))?.cost;
  return `judge by ${judge.name}${cost === undefined ? "" : ` (about ${dollars(cost)})`}`;
}

/**
 * Asks a judge, which may be user-defined, about every row.
 *
 * @param read returns the parsed answer, or a text that says what the judge must return instead
 */
async function judgeAll<R extends { readonly id?: string }, T>(
  judge: Judge,
  rows: readonly R[],
  one: (row: R, work: { readonly signal: AbortSignal }) => Promise<T>,
  read: (answer: unknown) => T | string,
  { signal, onProgress }: TaskOptions,
): Promise<T[]> {
  const who = `the judge ${quote(judge.name)}`;
  const grace = judge.spent === undefined ? 0 : interruptGrace;
  let done = 0;
  onProgress?.(done, rows.length);
  // After a failure, requests in flight finish, and their answers are cached.
  return allOrNone(rows, signal, async (row, either, i) => {
    const at = `${rowName(row, i)}: `;
    const answer = await askOwn<unknown>(at, who, () => one(row, { signal: either }), { signal: either, grace });
    const result = read(answer);
    if (typeof result === "string")
      throw new InputError(`${at}${who} returned ${quote(answer)}; it must return ${result}`);
    onProgress?.(++done, rows.length);
    return result;
  });
}

function asGrade(answer: unknown): Grade | string {
  const isGrade = typeof answer === "object" && answer !== null && Number.isFinite((answer as Partial<Grade>).grade);
  return isGrade ? (answer as Grade) : 'a grade, { grade: 7, reason: "…" }, whose grade is a finite number';
}

const choices: readonly unknown[] = ["a", "b", "tie"] satisfies readonly Choice[];

function asVerdict(answer: unknown): Verdict | string {
  const { choice, orders, reasons } = (answer ?? {}) as Partial<Verdict>;
  const isPair = (value: unknown): value is readonly unknown[] => Array.isArray(value) && value.length === 2;
  const isVerdict =
    choices.includes(choice) && isPair(orders) && orders.every((each) => choices.includes(each)) && isPair(reasons);
  return isVerdict
    ? (answer as Verdict)
    : 'a verdict, { choice: "a", orders: ["a", "a"], reasons: ["", ""] }, whose choices are "a", "b" or "tie"';
}

/** Rows come from tables, whose columns are untyped. */
function checkRows<R extends Named<{ readonly prompt: unknown }>>(
  judge: Judge,
  rows: readonly R[],
  responses: readonly (keyof R & string)[],
): void {
  if (rows.length === 0) throw new InputError(`${judge.name}: no rows to judge`);
  for (const [i, row] of rows.entries()) {
    const invalid = (name: keyof R & string, expected: string) => {
      const problem = row[name] == null ? `"${name}" is missing;` : `"${name}" is ${quote(row[name])},`;
      return new InputError(`${rowName(row, i)}: ${problem} expected ${expected}`);
    };
    if (typeof row.prompt !== "string" && !Array.isArray(row.prompt))
      throw invalid("prompt", "text or a list of messages");
    const wrong = responses.find((name) => typeof row[name] !== "string");
    if (wrong !== undefined) throw invalid(wrong, "the text of a response");
  }
}

function rowName({ id }: { readonly id?: string }, i: number): string {
  return id === undefined ? `row ${i}` : `row ${quote(id)}`;
}
