import type { Margin } from "../../src/review/index.js";

/** Reviewed pairs with these ensembled margins and the given other fields, each with its own prompt. */
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

/** Indices of the rows that were kept. */
export const keptPlaces = (rows: readonly { readonly kept: boolean }[]) =>
  rows.flatMap(({ kept }, i) => (kept ? [i] : []));
