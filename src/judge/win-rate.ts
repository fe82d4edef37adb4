import { InputError } from "../base/errors.js";
import type { Random } from "../base/random.js";
import { agreementOf, type Agreement } from "../stats/agreement.js";
import { bootstrapInterval, type Interval } from "../stats/interval.js";
import { lengthControlledWinRate } from "../stats/length-controlled.js";
import { wilsonInterval } from "../stats/proportion.js";
import type { ResponsePair, Verdict } from "./judge.js";

/** A comparison and what the judge made of it. */
export interface Compared extends ResponsePair {
  readonly id?: string;
  readonly verdict: Verdict;
}

/** How often `a` wins against `b`. Rates are shares in [0, 1], a tie counts half; all intervals are of 95 %. */
export interface WinRate {
  readonly comparisons: number;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
  /** With Wilson's interval, in which a tie is half a win and half a loss. */
  readonly wilson: Interval;
  /** The same rate with the bootstrap's interval over prompts. */
  readonly bootstrap: Interval;
  /** The rate at equal lengths; null where lengths always differ by the same. */
  readonly lengthControlled: Interval | null;
  /** Mean lengths in characters (UTF-16 units), as AlpacaEval counts them. */
  readonly lengthA: number;
  readonly lengthB: number;
  /** How far the judge agrees with itself where the two responses change places. */
  readonly orders: Agreement;
  /** Comparisons in which it took the response that was shown first both times, and that shown second: ties by position. */
  readonly firstTwice: number;
  readonly secondTwice: number;
  /** What speaks against believing the rate, in sentences; usually nothing. */
  readonly warnings: readonly string[];
}

/** From how many comparisons on a judge that always takes the same place is no accident (2 · 2⁻¹⁰ for a coin). */
const telling = 5;

/**
 * Win rate of `a` over `b`, and how far the judge can be believed.
 *
 * @param judge its name, for errors
 * @throws InputError where there are no rows, or where the judge took the same place every time: it did not judge the
 *   responses, and all of its ties mean nothing
 */
export function winRateOf(judge: string, rows: readonly Compared[], random: Random): WinRate {
  const n = rows.length;
  if (n === 0) throw new InputError("win rate: found no comparisons, expected at least one");
  const count = (holds: (verdict: Verdict) => boolean) => rows.filter(({ verdict }) => holds(verdict)).length;
  const [wins, ties] = [count(({ choice }) => choice === "a"), count(({ choice }) => choice === "tie")];
  const firstTwice = count(({ orders: [first, second] }) => first === "a" && second === "b");
  const secondTwice = count(({ orders: [first, second] }) => first === "b" && second === "a");
  const different = rows.filter(({ a, b }) => a !== b).length;
  for (const [times, place] of [[firstTwice, "first"], [secondTwice, "second"]] as const) {
    if (times < different || different < telling) continue;
    throw new InputError(
      `${judge}: found the response shown ${place} preferred in both orders of all ${different} pairs of different responses, ` +
        "expected a judge that goes by what it reads; try another model or prompt",
    );
  }
  const contests = rows.map(({ a, b, verdict: { choice } }) => ({ win: choice === "a" ? 1 : choice === "b" ? 0 : 0.5, difference: a.length - b.length }));
  const meanLength = (side: "a" | "b") => rows.reduce((sum, row) => sum + row[side].length, 0) / n;
  const orders = agreementOf(rows.map(({ verdict }) => verdict.orders[0]), rows.map(({ verdict }) => verdict.orders[1]));
  return {
    comparisons: n,
    wins,
    ties,
    losses: n - wins - ties,
    wilson: wilsonInterval(wins + ties / 2, n),
    bootstrap: bootstrapInterval(contests.map(({ win }) => win), random.fork("win rate")),
    lengthControlled: lengthControlledWinRate(contests, random.fork("length-controlled win rate")),
    lengthA: meanLength("a"),
    lengthB: meanLength("b"),
    orders,
    firstTwice,
    secondTwice,
    warnings: [...positionWarning(firstTwice, secondTwice), ...tieWarning(count(({ orders: both }) => both.every((choice) => choice === "tie")), n), ...orderWarning(orders)],
  };
}

function positionWarning(firstTwice: number, secondTwice: number): string[] {
  const both = firstTwice + secondTwice;
  if (both === 0) return [];
  const { low, high } = wilsonInterval(firstTwice, both);
  if (low <= 0.5 && high >= 0.5) return [];
  const [place, times] = firstTwice > secondTwice ? ["first", firstTwice] : ["second", secondTwice];
  return [`The judge leans to the response shown ${place}: of ${both} pairs that it decided by position it took that one in ${times}; they count as ties.`];
}

function orderWarning({ items, share }: Agreement): string[] {
  return items >= telling && share < 0.5 ? [`The judge contradicts itself in ${items - Math.round(share * items)} of ${items} pairs when the responses change places.`] : [];
}

function tieWarning(ties: number, n: number): string[] {
  return n >= telling && ties === n ? [`The judge calls all ${n} pairs ties.`] : [];
}
