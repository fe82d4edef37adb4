import { InputError, quote } from "../base/errors.js";
import type { Feeds } from "../engine/engine.js";
import type { LossColumn, PreferenceLoss } from "./losses/loss.js";
import { referenceOf } from "./losses/reward.js";
import { tokenColumn, type BatchSizes } from "./objective.js";
import type { ReferencedPair } from "./preference.js";

/*
 * What pairs may come with beside their tokens and sums: columns of the pair and of its response tokens.
 */

/** Columns with one meaning, by the losses that read them: a loss that would ignore them refuses them instead. */
const readBy: Readonly<Record<string, string>> = {
  labelSmoothing: "cdpo, rdpo, exo-pair",
  target: "dpo, irepo",
  targetMargin: "simpo",
};

/** What a token's weight may be, where the loss does not say it of a column of its own. */
const weightColumn: LossColumn = { range: { expected: "a number from 0", isGood: (weight) => weight >= 0 } };

const sides = ["chosen", "rejected"] as const;
type Side = (typeof sides)[number];

/** Names of the leaves that columns are fed through. */
export const pairColumnLeaf = (name: string) => `column.${name}`;
export const tokenColumnLeaf = (name: string) => `tokenColumn.${name}`;

/** Names of the pairs' columns that are built into the loss of a training, where its pairs have `present`. */
export function builtColumns({ columns = {} }: PreferenceLoss, present: readonly string[]): string[] {
  return Object.keys(columns).filter((name) => !columns[name]!.optional || present.includes(name));
}

/**
 * Names of the optional columns that some of the pairs have.
 *
 * @throws InputError naming the pair and the column where a number is not what it may be, a column is missing that has no
 *   default, token columns are not as long as their response, or the loss has no use for a column that means something
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

/** The first of some pairs that lacks a column which a loss needs of every pair, by its number from 1, and which that is. */
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

/** What a pair counts among those of its step; today's loss is that of a mean weight of 1. */
export const weightOf = ({ columns }: ReferencedPair): number => columns?.weight ?? 1;

/** Whether the loss reads the reference of the pair by tokens: because it declares so, or because tokens are weighted. */
export function readsReferenceTokens({ tokens, reward }: PreferenceLoss, pair: ReferencedPair): boolean {
  return tokens
    ? Boolean(tokens.reference)
    : reward.needsReference && sides.some((side) => pair.tokens?.[side]?.weight);
}

/**
 * log π_ref of a response, its tokens weighted as those of the policy are.
 *
 * @throws InputError if the loss needs it and it was left out
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

/** What the columns of some pairs feed. */
export function columnFeeds(
  loss: PreferenceLoss,
  pairs: readonly ReferencedPair[],
  { slots, tokens, columns }: BatchSizes<ReferencedPair>,
): Feeds {
  const feeds: Record<string, Float32Array> = {};
  for (const name of builtColumns(loss, columns)) {
    const values = pairs.map((pair, i) => pairColumn(loss.columns![name]!, name, pair, `pair ${i + 1} of its batch`));
    // Padding is a number that the loss can compute with.
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

/** What the response tokens of some pairs weigh: 1 where a pair does not say, and where the loss weighs them itself. */
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
