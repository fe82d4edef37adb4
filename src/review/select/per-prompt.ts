import { groupBy } from "../../base/collections.js";
import { InputError } from "../../base/errors.js";
import { descending, type Reviewed } from "./selected.js";

/**
 * Limits the kept pairs of each prompt to those with the largest margins, so that prompts with many pairs do not crowd out
 * others.
 *
 * @param cap maximum number of kept pairs per prompt
 * @throws InputError unless the cap is a whole number of at least 1
 */
export function capPerPrompt(rows: readonly Reviewed[], cap: number): Reviewed[] {
  if (!(Number.isInteger(cap) && cap >= 1))
    throw new InputError(`cap per prompt: found ${cap}, expected a whole number of at least 1`);
  const inOrder = descending(rows, ({ ensemble }) => ensemble).filter((i) => rows[i]!.kept);
  const kept = new Set([...groupBy(inOrder, (i) => rows[i]!.prompt).values()].flatMap((own) => own.slice(0, cap)));
  return rows.map((row, i) => ({ ...row, kept: kept.has(i) }));
}
