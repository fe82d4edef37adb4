import { InputError, quote } from "../base/errors.js";
import { callOwn } from "../base/own-function.js";
import type { ColumnRule, ColumnedPair, PairColumns } from "./options/index.js";

const form =
  "return { columns: { weight: 1 } } for a pair, and { tokens: { chosen: { weight: […] }, rejected: { weight: […] } } } for its response tokens";

/**
 * Computes a rule's columns of a pair. The rule gets copies, so that it cannot change the training data.
 *
 * @throws InputError naming the rule, if it throws or returns something else
 */
export function ruleColumns(rule: ColumnRule, { prompt, chosen, rejected, ...pair }: ColumnedPair): PairColumns {
  const found: unknown = callOwn(`columns: the rule ${quote(rule.name)}`, () =>
    rule.of({ ...pair, prompt: prompt.slice(), chosen: chosen.slice(), rejected: rejected.slice() }),
  );
  const refuse = (what: string): never => {
    throw new InputError(`columns: the rule ${quote(rule.name)} returned ${what}; ${form}`);
  };
  if (found instanceof Promise) {
    found.catch(() => undefined);
    return refuse("a promise; it has to answer at once");
  }
  const { columns, tokens, ...others } = isPlain(found) ? found : refuse(quote(found));
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse(quote(unknown));
  if (columns !== undefined && !(isPlain(columns) && Object.values(columns).every(isNumber)))
    refuse(`columns ${quote(columns)}`);
  if (tokens !== undefined) {
    if (!isPlain(tokens) || Object.keys(tokens).some((side) => side !== "chosen" && side !== "rejected"))
      refuse(`tokens ${quote(tokens)}`);
    for (const side of Object.values(tokens as object))
      if (!isPlain(side) || !Object.values(side).every(isList)) refuse(`tokens ${quote(tokens)}`);
  }
  return { ...(columns !== undefined && { columns }), ...(tokens !== undefined && { tokens }) } as PairColumns;
}

const isNumber = (value: unknown) => typeof value === "number";

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isList(value: unknown): boolean {
  return (
    (Array.isArray(value) && value.every(isNumber)) ||
    (ArrayBuffer.isView(value) &&
      !(value instanceof DataView) &&
      !(value instanceof BigInt64Array) &&
      !(value instanceof BigUint64Array))
  );
}
