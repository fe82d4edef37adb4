import { InputError } from "../base/errors.js";
import type { Random } from "../base/random.js";
import { agreementOf, type Agreement } from "../stats/agreement.js";
import { bootstrapInterval, type Interval } from "../stats/interval.js";
import { lengthControlledWinRate } from "../stats/length-controlled.js";
import { mean } from "../stats/mean.js";
import { wilsonInterval } from "../stats/proportion.js";
import type { ResponsePair, Verdict } from "./judge.js";

/** A compared pair and its verdict. */
export interface JudgedPair extends ResponsePair {
  readonly id?: string;
  readonly verdict: Verdict;
}

/** How often `a` wins against `b`. Rates are in [0, 1], a tie counts half, and all intervals are 95 %. */
export interface WinRate {
  readonly comparisons: number;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  /** The win rate with Wilson's interval; a tie counts as half a win. */
  readonly wilson: Interval;
  /** The win rate with a bootstrap interval over prompts. */
  readonly bootstrap: Interval;
  /** The length-controlled win rate; null if the difference in length is the same for all pairs. */
  readonly lengthControlled: Interval | null;
  /** Mean lengths in characters (UTF-16 units), as AlpacaEval counts them. */
  readonly lengthA: number;
  readonly lengthB: number;
  /** Agreement of the judge with itself when the two responses are swapped. */
  readonly orders: Agreement;
  /** Numbers of pairs in which the judge chose the first position, or the second, in both orders: ties by position. */
  readonly firstTwice: number;
  readonly secondTwice: number;
  /** Reasons not to trust the rate, as sentences; usually empty. */
  readonly warnings: readonly string[];
}

/** Number of comparisons from which always choosing the same position is no accident (probability 2 · 2⁻¹⁰ for a coin). */
const telling = 5;

/**
 * Win rate of `a` over `b`, and how consistent the judge is.
 *
 * @param judge its name, for errors
 * @throws InputError if there are no rows, or if the judge chose the same position every time, which makes every pair a
 *   meaningless tie
 */
export function winRateOf(judge: string, rows: readonly JudgedPair[], random: Random): WinRate {
  const n = rows.length;
  if (n === 0) throw new InputError("win rate: no comparisons given");
  const count = (holds: (verdict: Verdict) => boolean) => rows.filter(({ verdict }) => holds(verdict)).length;
  const [wins, ties] = [count(({ choice }) => choice === "a"), count(({ choice }) => choice === "tie")];
  const firstTwice = count(({ orders: [first, second] }) => first === "a" && second === "b");
  const secondTwice = count(({ orders: [first, second] }) => first === "b" && second === "a");
  const different = rows.filter(({ a, b }) => a !== b).length;
  for (const [times, place] of [
    [firstTwice, "first"],
    [secondTwice, "second"],
  ] as const) {
    if (times < different || different < telling) continue;
    throw new InputError(
      `${judge}: the judge preferred the response shown ${place} in both orders of all ${different} pairs of different responses, ` +
        "whatever they say; try another model or prompt",
    );
  }
  const contests = rows.map(({ a, b, verdict: { choice } }) => ({
    win: choice === "a" ? 1 : choice === "b" ? 0 : 0.5,
    difference: a.length - b.length,
  }));
  const meanLength = (side: "a" | "b") => mean(rows.map((row) => row[side].length));
  const orders = agreementOf(
    rows.map(({ verdict }) => verdict.orders[0]),
    rows.map(({ verdict }) => verdict.orders[1]),
  );
  return {
    comparisons: n,
    wins,
    ties,
    losses: n - wins - ties,
    wilson: wilsonInterval(wins + ties / 2, n),
    bootstrap: bootstrapInterval(
      contests.map(({ win }) => win),
      random.fork("win rate"),
    ),
    lengthControlled: lengthControlledWinRate(contests, random.fork("length-controlled win rate")),
    lengthA: meanLength("a"),
    lengthB: meanLength("b"),
    orders,
    firstTwice,
    secondTwice,
    warnings: [
      ...positionWarning(firstTwice, secondTwice),
      ...tieWarning(
        count(({ orders: both }) => both.every((choice) => choice === "tie")),
        n,
      ),
      ...orderWarning(orders),
    ],
  };
}

function positionWarning(firstTwice: number, secondTwice: number): string[] {
  const both = firstTwice + secondTwice;
  if (both === 0) return [];
  const { low, high } = wilsonInterval(firstTwice, both);
  if (low <= 0.5 && high >= 0.5) return [];
  const [place, times] = firstTwice > secondTwice ? ["first", firstTwice] : ["second", secondTwice];
  return [
    `The judge favours the response shown ${place}: it chose that position in ${times} of the ${both} pairs that it decided by position, which count as ties.`,
  ];
}

function orderWarning({ items, share }: Agreement): string[] {
  return items >= telling && share < 0.5
    ? [
        `The judge contradicts itself in ${items - Math.round(share * items)} of ${items} pairs when the responses are swapped.`,
      ]
    : [];
}

function tieWarning(ties: number, n: number): string[] {
  return n >= telling && ties === n ? [`The judge called all ${n} pairs ties.`] : [];
}
