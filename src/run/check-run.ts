import { checkTrainingInputs } from "../align/check-training.js";
import type { Objective } from "../align/objective.js";
import { lackingColumn } from "../align/pair-columns.js";
import { isPairObjective, objectiveOf, type PairLoss } from "../align/pair-objective.js";
import type { ReferencedPair } from "../align/preference.js";
import { InputError, quote } from "../base/errors.js";
import type { TokenizedPair } from "../data/tokenize.js";
import { columnedPairs } from "./columned-pairs.js";
import type { HeldOut, RunInput, TrainingPair } from "./input.js";
import type { Method } from "./method.js";
import { lossOf, trainingOptions } from "./options/index.js";

/* Checks of a run before anything is trained, sampled or judged. */

/**
 * Checks that a run has the data that its training options require.
 *
 * @throws InputError as {@link checkTrainingInputs} or {@link checkHeldOut}, or if training would select by missing pairs
 *   or by held-out pairs
 */
export function checkTrainings(method: Method, { pairs, validation, heldOut }: RunInput): void {
  const named = [
    ["pair", pairs],
    ["validation pair", validation ?? []],
    ["held-out pair", heldOut?.pairs ?? []],
  ] as const;
  requireIds("held-out prompt", heldOut?.prompts ?? []);
  checkHeldOut(heldOut);
  for (const [what, rows] of named) {
    requireIds(what, rows);
    rows.forEach(checkColumns);
  }
  const training = trainingOptions(method.options);
  for (const { objective } of lossesOf(method))
    checkTrainingInputs(objective, training, validation ?? heldOut?.pairs ?? []);
  if (training.keepBestBy === undefined) return;
  if (!validation) {
    throw new InputError(
      "keepBestBy and patience choose by validation pairs; pass `validation`. Held-out pairs are only reported on",
    );
  }
  const reported = new Set(heldOut?.pairs.map(sequenceKey));
  const both = validation.filter((pair) => reported.has(sequenceKey(pair))).length;
  if (both > 0) {
    throw new InputError(
      `${both} of the ${validation.length} validation pairs are held-out pairs too; what training chooses by must not be what is reported`,
    );
  }
}

/**
 * Checks what a run is evaluated on, as it was given or as its method has rewritten it.
 *
 * @throws InputError if there is nothing to evaluate on, or prompts have neither responses nor a gold reward
 */
export function checkHeldOut(heldOut: HeldOut | undefined): void {
  if (!heldOut) return;
  const { pairs, prompts = pairs, gold } = heldOut;
  if (prompts.length === 0)
    throw new InputError("heldOut: no pair or prompt that fits the context to evaluate on; leave `heldOut` out");
  if (heldOut.prompts && !gold)
    throw new InputError(
      "heldOut: not all of the prompts have a gold reward, so responses to them cannot be scored; give preference pairs, or leave `heldOut` out and score responses in `evaluate`",
    );
}

/**
 * Checks the columns of the pairs that a run trains and evaluates on, as far as they are known. Rules run once: the run
 * reuses the values computed here.
 *
 * @throws InputError if a loss needs a column that pairs lack, or cannot read one that they have
 */
export function checkPairColumns(method: Method, { start, columns, pairs, validation, heldOut }: RunInput): void {
  const withColumns = (some: readonly TrainingPair[]) =>
    columnedPairs(some, [method.columns, columns], start.tokenizer);
  const { trainsOn = [], options } = method;
  if (trainsOn.includes("data")) {
    const examples = withColumns(pairs);
    for (const { objective } of lossesOf(method)) objective.columns?.(examples);
  }
  if (trainsOn.includes("made")) {
    // To the loss, pairs that the method generates look like pairs of the data without columns.
    const examples = withColumns(pairs.map(({ prompt, chosen, rejected }) => ({ prompt, chosen, rejected })));
    checkReadable(method, examples, {
      lacking: ({ name }, { column }) =>
        `${method.name}: the loss ${name} needs the ${column} of every pair, and the pairs that the method makes itself have none; choose another loss, or give every pair one by a rule (\`columns\`)`,
      refused: (message) => `${method.name}: its loss cannot read the pairs that the method makes itself: ${message}`,
    });
  }
  if (options.evaluateEvery === undefined) return;
  const which = validation ? "validation" : "held-out";
  checkReadable(method, withColumns(validation ?? heldOut?.pairs ?? []), {
    lacking: ({ name }, { column, pair }) =>
      `evaluateEvery: evaluation during training needs the ${column} of every ${which} pair for the loss ${name}, and pair ${pair} has none; give them one, or leave evaluateEvery out`,
    refused: (message) => `evaluateEvery: the ${which} pairs cannot be evaluated on: ${message}`,
  });
}

interface UnreadableMessages {
  lacking(loss: PairLoss, found: NonNullable<ReturnType<typeof lackingColumn>>): string;
  /** @param message of the objective that refused the pairs */
  refused(message: string): string;
}

/** @throws InputError if a loss of the method lacks a column of the examples, or cannot read one that they have */
function checkReadable(
  method: Method,
  examples: readonly ReferencedPair[],
  { lacking, refused }: UnreadableMessages,
): void {
  for (const { loss, objective } of lossesOf(method)) {
    const found = isPairObjective(loss) ? undefined : lackingColumn(loss, examples);
    if (found) throw new InputError(lacking(loss, found));
    try {
      objective.columns?.(examples);
    } catch (error) {
      throw error instanceof InputError ? new InputError(refused(error.message), { cause: error }) : error;
    }
  }
}

/** Returns the losses of a method's training phases, and their objectives. */
function lossesOf({ losses, objective, options }: Method): {
  readonly loss: PairLoss;
  readonly objective: Objective<ReferencedPair>;
}[] {
  const loss = lossOf(options);
  return (losses?.(loss) ?? [loss]).map((own) => ({ loss: own, objective: objective?.(own) ?? objectiveOf(own) }));
}

/** @throws InputError naming the first row without a unique id; selection and the run's files refer to rows by id */
export function requireIds(what: string, rows: readonly { readonly id?: unknown }[]): void {
  const known = new Map<string, number>();
  rows.forEach(({ id }, i) => {
    const fault = faultOf(id, known, what);
    if (fault)
      throw new InputError(
        `${what} ${i + 1} ${fault}; give each row one that no other has, as in rows.map((row, i) => ({ ...row, id: String(i + 1) }))`,
      );
    known.set(id as string, i);
  });
}

/** @param known ids of the preceding rows, with their indices */
function faultOf(id: unknown, known: ReadonlyMap<string, number>, what: string): string | undefined {
  if (id === undefined) return "has no id";
  if (typeof id !== "string") return `has the id ${quote(id)}, which is not a string`;
  const before = known.get(id);
  return before === undefined ? undefined : `has the id ${quote(id)}, as ${what} ${before + 1} has`;
}

/** @throws InputError if a pair's columns are not finite numbers by name, which no file of the run could hold */
function checkColumns({ id, columns }: TokenizedPair): void {
  if (
    columns === undefined ||
    (typeof columns === "object" &&
      columns !== null &&
      !Array.isArray(columns) &&
      Object.values(columns).every(Number.isFinite))
  )
    return;
  throw new InputError(
    `pair ${quote(id)}: its columns are ${quote(columns)}; they must be finite numbers by name, as in { weight: 1 }`,
  );
}

/** Returns a key that is equal for pairs of the same tokens. */
export function sequenceKey({ prompt, chosen, rejected }: TokenizedPair): string {
  return [prompt, chosen, rejected].map((tokens) => tokens.join()).join(" ");
}
