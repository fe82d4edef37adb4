import { InputError, quote } from "../base/errors.js";
import type { Feeds } from "../engine/engine.js";
import type { LossColumn, PreferenceLoss } from "./losses/loss.js";
import { referenceOf } from "./losses/reward.js";
import { tokenColumn, type BatchSizes } from "./objective.js";
import type { ReferencedPair } from "./preference.js";

/* Optional columns of pairs and of their response tokens. */

/**
 * Columns with a fixed meaning, and the losses that read them; any other loss refuses them instead of ignoring them.
 */
const readBy: Readonly<Record<string, string>> = {
  labelSmoothing: "cdpo, rdpo, exo-pair",
  target: "dpo, irepo",
  targetMargin: "simpo",
};

/** The range of a token's weight, unless the loss declares its own. */
const weightColumn: LossColumn = { range: { expected: "a number from 0", isGood: (weight) => weight >= 0 } };

const sides = ["chosen", "rejected"] as const;
type Side = (typeof sides)[number];

/** Names of the inputs for columns. */
export const pairColumnLeaf = (name: string) => `column.${name}`;
export const tokenColumnLeaf = (name: string) => `tokenColumn.${name}`;

/** Returns the names of the pair columns built into a loss, given the columns `present` in the training pairs. */
export function builtColumns({ columns = {} }: PreferenceLoss, present: readonly string[]): string[] {
  return Object.keys(columns).filter((name) => !columns[name]!.optional || present.includes(name));
}

/**
 * Returns the names of the optional columns that some of the pairs have.
 *
 * @throws InputError naming the pair and the column, if a number is out of range, a column without a default is
 *   missing, token columns are not as long as their response, or the loss does not read a column with a fixed meaning
 */
export function columnsOf(loss: PreferenceLoss, pairs: readonly ReferencedPair[]): string[] {
  const { columns = {} } = loss;
  const present = Object.keys(columns).filter(
    (name) => columns[name]!.optional && pairs.some((pair) => pair.columns?.[name] !== undefined),
  );
  pairs.forEach((pair, i) => {
    const at = `pair ${i + 1}`;
    checkWeight(loss, pair, at);
    for (const name of builtColumns(loss, present)) pairColumn(columns[name]!, name, pair, at);
    for (const [name, losses] of Object.entries(readBy)) {
      if (pair.columns?.[name] === undefined || columns[name]) continue;
      throw new InputError(
        `${at}: the loss ${loss.name} does not use the column ${quote(name)}; remove it, or choose a loss that does: ${losses}`,
      );
    }
    for (const side of sides) checkTokens(loss, pair, side, at);
  });
  return present;
}

/** Returns the first pair, numbered from 1, that lacks a column required by a loss, and that column. */
export function lackingColumn(
  { columns = {}, tokens }: PreferenceLoss,
  pairs: readonly Pick<ReferencedPair, "columns" | "tokens">[],
): { readonly pair: number; readonly column: string } | undefined {
  const needed = (declared: Readonly<Record<string, LossColumn>> = {}) =>
    Object.keys(declared).filter((name) => declared[name]!.default === undefined && !declared[name]!.optional);
  const [ofPairs, ofTokens] = [needed(columns), needed(tokens?.columns)];
  for (const [i, pair] of pairs.entries()) {
    const name = ofPairs.find((column) => pair.columns?.[column] === undefined);
    if (name !== undefined) return { pair: i + 1, column: `column ${quote(name)}` };
    const ofToken = ofTokens.find((column) => sides.some((side) => pair.tokens?.[side]?.[column] === undefined));
    if (ofToken !== undefined) return { pair: i + 1, column: `token column ${quote(ofToken)}` };
  }
  return undefined;
}

function checkWeight({ name, needsWholeStep }: PreferenceLoss, { columns }: ReferencedPair, at: string): void {
  const { weight = 1 } = columns ?? {};
  if (!(typeof weight === "number" && weight >= 0 && weight < Infinity))
    throw new InputError(`${at}: the column "weight" is ${quote(weight)}; it must be a number from 0`);
  // A step without any weight has no mean.
  if (needsWholeStep && weight === 0)
    throw new InputError(
      `${at}: the column "weight" is 0; the loss ${name}, which compares pairs, needs weights above 0`,
    );
}

function checkTokens(loss: PreferenceLoss, pair: ReferencedPair, side: Side, at: string): void {
  const { length } = pair[side].response;
  for (const [name, values] of Object.entries(pair.tokens?.[side] ?? {})) {
    const column = `${at}: the token column ${quote(name)} of the ${side} response`;
    if (values.length !== length) throw new InputError(`${column} has ${values.length} numbers for ${length} tokens`);
    const rule = loss.tokens?.columns?.[name] ?? (name === "weight" ? weightColumn : {});
    for (let t = 0; t < length; t++) checkNumber(rule, values[t]!, `${column}, token ${t + 1},`);
  }
  for (const [name, rule] of Object.entries(loss.tokens?.columns ?? {})) {
    if (rule.default === undefined && !pair.tokens?.[side]?.[name]) {
      throw new InputError(
        `${at}: the loss ${loss.name} needs the token column ${quote(name)} of the ${side} response${hintOf(rule)}`,
      );
    }
  }
  if (loss.tokens && !loss.tokens.columns?.weight && pair.tokens?.[side]?.weight) {
    throw new InputError(
      `${at}: the loss ${loss.name}, which weighs tokens itself, does not use the token column "weight"; remove it`,
    );
  }
}

const hintOf = ({ hint }: LossColumn) => (hint === undefined ? "" : `; ${hint}`);

function checkNumber({ range }: LossColumn, value: number, what: string): void {
  if (typeof value === "number" && Number.isFinite(value) && (range?.isGood(value) ?? true)) return;
  throw new InputError(`${what} is ${quote(value)}; it must be ${range?.expected ?? "a finite number"}`);
}

function pairColumn(rule: LossColumn, name: string, { columns }: ReferencedPair, at: string): number {
  const value = columns?.[name] ?? rule.default;
  if (value === undefined)
    throw new InputError(`${at} has no column ${quote(name)}, which the loss needs of every pair${hintOf(rule)}`);
  checkNumber(rule, value, `${at}: the column ${quote(name)}`);
  return value;
}

/** Returns the weight of a pair within its step; a mean weight of 1 leaves the loss unchanged. */
export const weightOf = ({ columns }: ReferencedPair): number => columns?.weight ?? 1;

/**
 * Returns whether the loss reads the reference of the pair per token, because it declares so or because tokens are
 * weighted.
 */
export function readsReferenceTokens({ tokens, reward }: PreferenceLoss, pair: ReferencedPair): boolean {
  return tokens
    ? Boolean(tokens.reference)
    : reward.needsReference && sides.some((side) => pair.tokens?.[side]?.weight);
}

/**
 * Returns log π_ref of a response, with the same token weights as the policy.
 *
 * @throws InputError if the loss needs it and it was omitted
 */
export function referenceSum(loss: PreferenceLoss, pair: ReferencedPair, side: Side): number {
  const { weight, reference } = pair.tokens?.[side] ?? {};
  const sum = side === "chosen" ? pair.referenceChosen : pair.referenceRejected;
  const weighs = weight !== undefined && !loss.tokens;
  if (reference && (weighs || sum === undefined)) {
    return Array.from(reference).reduce((total, logProb, t) => total + (weighs ? weight[t]! : 1) * logProb, 0);
  }
  if (weighs && loss.reward.needsReference) throw missingReference(loss, side);
  return referenceOf(loss, sum);
}

const missingReference = ({ name }: PreferenceLoss, side: Side) =>
  new InputError(
    `the loss ${name} needs the reference's log-probability of each token; give the ${side} response its token column "reference" (responseTokenLogProbs)`,
  );

/** Returns the feeds of the columns of some pairs. */
export function columnFeeds(
  loss: PreferenceLoss,
  pairs: readonly ReferencedPair[],
  { slots, tokens, columns }: BatchSizes<ReferencedPair>,
): Feeds {
  const feeds: Record<string, Float32Array> = {};
  for (const name of builtColumns(loss, columns)) {
    const values = pairs.map((pair, i) => pairColumn(loss.columns![name]!, name, pair, `pair ${i + 1} of its batch`));
    // Pad with a valid value of the column.
    feeds[pairColumnLeaf(name)] = Float32Array.from({ length: slots }, (_, i) => values[i] ?? values[0]!);
  }
  const ofSides = (valuesOf: (pair: ReferencedPair, side: Side) => ArrayLike<number>) =>
    tokenColumn(
      pairs.flatMap((pair) => sides.map((side) => valuesOf(pair, side))),
      tokens,
    );
  for (const [name, { default: otherwise }] of Object.entries(loss.tokens?.columns ?? {})) {
    feeds[tokenColumnLeaf(name)] = ofSides(
      (pair, side) => pair.tokens?.[side]?.[name] ?? new Float32Array(pair[side].response.length).fill(otherwise!),
    );
  }
  if (loss.tokens?.reference) {
    feeds.referenceTokens = ofSides((pair, side) => {
      const reference = pair.tokens?.[side]?.reference;
      if (!reference) throw missingReference(loss, side);
      return reference;
    });
  }
  return feeds;
}

/** Returns the weights of the response tokens of some pairs: 1 by default, and if the loss weights tokens itself. */
export function tokenWeights(
  { tokens: own }: PreferenceLoss,
  pairs: readonly ReferencedPair[],
  tokens: number,
): number | Float32Array {
  if (own || !pairs.some((pair) => sides.some((side) => pair.tokens?.[side]?.weight))) return 1;
  const ofSide = (pair: ReferencedPair, side: Side) =>
    pair.tokens?.[side]?.weight ?? new Float32Array(pair[side].response.length).fill(1);
  return tokenColumn(
    pairs.flatMap((pair) => sides.map((side) => ofSide(pair, side))),
    tokens,
  );
}
