import type { ColumnTable } from "arquero";
import { inspect } from "node:util";
import { InputError } from "../base/errors.js";
import { Random } from "../base/random.js";
import { judgePairsWithProgress, gradeResponsesWithProgress, type Named } from "../judge/judge-rows.js";
import type { PromptResponse, ResponsePair, Judge } from "../judge/judge.js";
import { winRateOf, type JudgedPair, type WinRate } from "../judge/win-rate.js";
import { cell } from "../notebook/display.js";
import { displaySymbol, type MimeBundle } from "../base/mime.js";
import { checkOptionNames } from "../base/option-names.js";
import { showTable } from "../notebook/table/show-table.js";
import { agreementOf } from "../stats/agreement.js";
import { bootstrapInterval } from "../stats/interval.js";
import { tableOf, textOf } from "./table-of.js";

/** Rows as objects, or as an Arquero table with columns of these names. */
type Rows<T> = readonly T[] | ColumnTable;

/** A judge's verdict on rows. A cell shows it as its summary, with the warnings against trusting it. */
export class Judgement {
  constructor(
    /** Name of the judge. */
    readonly judge: string,
    /** One row: the figures and their cost. */
    readonly summary: ColumnTable,
    /** One row per judged row. */
    readonly table: ColumnTable,
    readonly warnings: readonly string[],
  ) {}

  async [displaySymbol](): Promise<MimeBundle> {
    return showTable(this.summary, { title: this.title })[displaySymbol]();
  }

  /** Returns the summary as text. */
  toString(): string {
    return textOf(this.summary, this.title);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  private get title(): string {
    return [this.judge, ...this.warnings].join("\n");
  }
}

/** A {@link Judgement} of comparisons. */
export class PairJudgement extends Judgement {
  constructor(
    judge: string,
    summary: ColumnTable,
    table: ColumnTable,
    readonly rate: WinRate,
    readonly compared: readonly JudgedPair[],
  ) {
    super(judge, summary, table, rate.warnings);
  }
}

/**
 * Computes how often response `a` beats `b`: the win rate with Wilson and bootstrap 95 % intervals, the
 * length-controlled win rate, and the judge's self-consistency when the two responses are swapped. All rates are
 * shares; ties count half.
 *
 * @param rows `prompt`, `a`, `b` and optionally `id`; `pairResponses` builds them from two models' answers
 * @param options `seed` of the bootstrap, 0 by default
 * @example const rate = await winRate(await llmJudge("openai:gpt-4.1-mini", { maxCost: 2 }), pairResponses(mine, theirs));
 * @throws InputError if there are no rows, a response is missing, judging would exceed the judge's caps, or the judge
 *   always picks the same position
 */
export async function winRate(
  judge: Judge,
  rows: Rows<Named<ResponsePair>>,
  options: { readonly seed?: number } = {},
): Promise<PairJudgement> {
  checkOptionNames("winRate", options, ["seed"]);
  const { seed = 0 } = options;
  const all = rowsOf(rows);
  const verdicts = await judgePairsWithProgress(judge, all, cell);
  const compared = all.map((row, i) => ({ ...row, verdict: verdicts[i]! }));
  const rate = winRateOf(judge.name, compared, Random.seeded(seed).fork("win rate"));
  const { wilson, bootstrap, lengthControlled, orders, warnings: _, ...counts } = rate;
  const summary = {
    judge: judge.name,
    ...counts,
    winRate: wilson.mean,
    low: wilson.low,
    high: wilson.high,
    bootstrapLow: bootstrap.low,
    bootstrapHigh: bootstrap.high,
    lengthControlled: lengthControlled?.mean ?? null,
    lengthControlledLow: lengthControlled?.low ?? null,
    lengthControlledHigh: lengthControlled?.high ?? null,
    orderAgreement: orders.share,
    orderKappa: orders.kappa,
    ...judge.spent,
  };
  const table = compared.map(
    ({
      verdict: {
        choice,
        orders: [aFirst, bFirst],
        reasons: [aFirstReason, bFirstReason],
      },
      ...row
    }) => {
      return { ...row, choice, aFirst, bFirst, aFirstReason, bFirstReason };
    },
  );
  return new PairJudgement(judge.name, tableOf([summary]), tableOf(table), rate, compared);
}

/**
 * Grades responses from 1 to 10.
 *
 * @param rows `prompt`, `response` and optionally `id`
 * @param options `seed` of the bootstrap, 0 by default
 * @returns the mean with its 95 % bootstrap interval over rows, and the rows with `grade` and `reason`
 * @throws InputError as {@link winRate} does
 */
export async function meanGrade(
  judge: Judge,
  rows: Rows<Named<PromptResponse>>,
  options: { readonly seed?: number } = {},
): Promise<Judgement> {
  checkOptionNames("meanGrade", options, ["seed"]);
  const { seed = 0 } = options;
  const all = rowsOf(rows);
  const grades = await gradeResponsesWithProgress(judge, all, cell);
  const { mean, low, high } = bootstrapInterval(
    grades.map(({ grade: value }) => value),
    Random.seeded(seed).fork("grade"),
  );
  const same = grades.length > 1 && grades.every(({ grade: value }) => value === grades[0]!.grade);
  const summary = { judge: judge.name, responses: all.length, grade: mean, low, high, ...judge.spent };
  const warnings = same ? [`The judge gives all ${all.length} responses the grade ${mean}.`] : [];
  return new Judgement(
    judge.name,
    tableOf([summary]),
    tableOf(all.map((row, i) => ({ ...row, ...grades[i]! }))),
    warnings,
  );
}

/**
 * Measures how far judges agree on the same comparisons: for each two judges, the share of equal choices and Cohen's κ;
 * a tie is a choice of its own.
 *
 * @throws InputError if there are fewer than two judges, or they judged different rows
 */
export function judgeAgreement(...judged: readonly PairJudgement[]): ColumnTable {
  if (judged.length < 2) throw new InputError(`judgeAgreement: found ${judged.length} judged, expected at least two`);
  const rows = (one: PairJudgement) => JSON.stringify(one.compared.map(({ prompt, a, b }) => [prompt, a, b]));
  const [first] = judged as [PairJudgement];
  const other = judged.find((one) => rows(one) !== rows(first));
  if (other)
    throw new InputError(
      `judgeAgreement: found other rows judged by ${other.judge} than by ${first.judge}, expected the same in the same order`,
    );
  const choices = (one: PairJudgement) => one.compared.map(({ verdict }) => verdict.choice);
  const pairs = judged.flatMap((one, i) => judged.slice(i + 1).map((two) => [one, two] as const));
  return tableOf(
    pairs.map(([one, two]) => ({ first: one.judge, second: two.judge, ...agreementOf(choices(one), choices(two)) })),
  );
}

function rowsOf<T>(rows: Rows<T>): readonly T[] {
  return Array.isArray(rows) ? (rows as readonly T[]) : ((rows as ColumnTable).objects() as T[]);
}
