import { groupBy } from "../../base/collections.js";
import { InputError } from "../../base/errors.js";
import { descending, type Reviewed } from "./selected.js";

/**
 * Of the kept pairs of one prompt, keeps those with the largest margins only, so that prompts with many pairs do not
 * crowd out the others.
 *
 * @param cap pairs of a prompt, at least 1
 * @throws InputError where the cap is no whole number from 1
 */
export function capPerPrompt(rows: readonly Reviewed[], cap: number): Reviewed[] {
  if (!(Number.isInteger(cap) && cap >= 1)) throw new InputError(`cap per prompt: found ${cap}, expected a whole number from 1`);
  const inOrder = descending(rows, ({ ensemble }) => ensemble).filter((i) => rows[i]!.kept);
  const kept = new Set([...groupBy(inOrder, (i) => rows[i]!.prompt).values()].flatMap((own) => own.slice(0, cap)));
  return rows.map((row, i) => ({ ...row, kept: kept.has(i) }));
}
