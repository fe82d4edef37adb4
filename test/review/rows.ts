import type { Margin } from "../../src/review/index.js";

/** Reviewed pairs of these ensembled margins, each of its own prompt, with what else is said of them. */
export function marginRows(ensembles: readonly number[], others: readonly Partial<Margin>[] = []): Margin[] {
  return ensembles.map((ensemble, i) => ({
    ...{
      id: `${i}`,
      prompt: `${i}`,
      chosenReward: 0,
      rejectedReward: 0,
      margin: ensemble,
      previousMargin: 0,
      ensemble,
    },
    ...{ chosenLength: 5, rejectedLength: 5 },
    ...others[i],
  }));
}

/** Places of the rows that were kept. */
export const keptPlaces = (rows: readonly { readonly kept: boolean }[]) =>
  rows.flatMap(({ kept }, i) => (kept ? [i] : []));
