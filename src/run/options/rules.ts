import { InputError, quote } from "../../base/errors.js";
import { callOwn } from "../../base/own-function.js";
import { pairings, type Pairing } from "../../bootstrap/index.js";
import { selectionRules, type SelectionFunction } from "../../review/index.js";
import type { LoopOptions } from "./method-options.js";

/**
 * Returns the rule of `selectBy` as a function. @throws (when called) InputError if a custom rule returns rows other
 * than those given
 */
export function selectionOf(selectBy: LoopOptions["selectBy"]): SelectionFunction {
  if (typeof selectBy === "string") return selectionRules[selectBy];
  return (rows, share, random) => {
    const selected = callOwn(`selectBy: the rule ${quote(selectBy.name)}`, () => selectBy.select(rows, share, random));
    const isGood =
      Array.isArray(selected) &&
      selected.length === rows.length &&
      selected.every((row, i) => row?.id === rows[i]!.id && typeof row.kept === "boolean");
    if (!isGood) {
      throw new InputError(
        `selectBy: the rule ${quote(selectBy.name)} must give back all rows in their order, each with kept: true or false`,
      );
    }
    return selected;
  };
}

/**
 * Returns the rule of `pairBy` as a function. @throws (when called) InputError if a custom rule pairs responses other
 * than those given
 */
export function pairingOf(pairBy: LoopOptions["pairBy"]): Pairing {
  if (typeof pairBy === "string") return pairings[pairBy];
  return (samples) => {
    const pairs = callOwn(`pairBy: the rule ${quote(pairBy.name)}`, () => pairBy.pair(samples));
    const isGood =
      Array.isArray(pairs) &&
      pairs.every(
        (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((sample) => samples.includes(sample)),
      );
    if (!isGood)
      throw new InputError(
        `pairBy: the rule ${quote(pairBy.name)} must give back pairs [better, worse] of the samples that it is given`,
      );
    return pairs;
  };
}
