import type { ReferencedPair, TokenColumns } from "../align/preference.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";
import type { TrainingPair } from "./input.js";
import type { ColumnRule, PairColumns } from "./options/index.js";
import { ruleColumns } from "./rule-columns.js";

/**
 * Converts pairs into the trainer's form, with their own columns and those of the rules. Later rules override earlier
 * ones.
 *
 * @throws InputError as {@link ruleColumns}
 */
export function columnedPairs(
  pairs: readonly TrainingPair[],
  rules: readonly (ColumnRule | undefined)[],
  tokenizer: Tokenizer,
): ReferencedPair[] {
  const given = rules.filter((rule) => rule !== undefined);
  return pairs.map((pair) => {
    const { prompt, chosen, rejected } = pair;
    const { columns, tokens } = given.reduce<PairColumns>((known, rule) => {
      const own = said(rule, pair, known.columns, tokenizer);
      const both = own.columns ? { ...known.columns, ...own.columns } : known.columns;
      const sides = mergedTokens(known.tokens, own.tokens);
      return { ...(both && { columns: both }), ...(sides && { tokens: sides }) };
    }, pair);
    return {
      ...{ chosen: { prompt, response: chosen }, rejected: { prompt, response: rejected } },
      ...(columns && { columns }),
      ...(tokens && { tokens }),
    };
  });
}

/** A rule's result for a pair, and the other inputs that it saw. */
interface Said extends Pick<TrainingPair, "prompt" | "rejected" | "columns"> {
  readonly tokenizer: Tokenizer;
  readonly found: PairColumns;
}

/** Results by rule and chosen response. Pairs are checked before the run and read during it, and rules can be slow. */
const remembered = new WeakMap<ColumnRule, WeakMap<Int32Array, Said>>();

function said(
  rule: ColumnRule,
  { prompt, chosen, rejected }: TrainingPair,
  columns: PairColumns["columns"],
  tokenizer: Tokenizer,
): PairColumns {
  const ofRule = remembered.get(rule) ?? new WeakMap<Int32Array, Said>();
  remembered.set(rule, ofRule);
  const last = ofRule.get(chosen);
  const isSame =
    last?.prompt === prompt && last.rejected === rejected && last.columns === columns && last.tokenizer === tokenizer;
  if (isSame) return last.found;
  const found = ruleColumns(rule, {
    ...{ prompt, chosen, rejected },
    ...(columns && { columns }),
    text: (tokens) => tokenizer.decode([...tokens]),
    padId: tokenizer.padId,
  });
  ofRule.set(chosen, { prompt, rejected, ...(columns && { columns }), tokenizer, found });
  return found;
}

function mergedTokens(...given: readonly PairColumns["tokens"][]): ReferencedPair["tokens"] {
  if (given.every((tokens) => tokens === undefined)) return undefined;
  const side = (name: "chosen" | "rejected"): TokenColumns =>
    Object.assign({}, ...given.map((tokens) => tokens?.[name]));
  return { chosen: side("chosen"), rejected: side("rejected") };
}
