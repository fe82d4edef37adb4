import { types } from "node:util";
import { InputError, quote } from "../base/errors.js";
import type { OptionTable } from "../base/option.js";
import { requireOptions } from "../base/option-names.js";
import { trainedOn as trainedOnSchema } from "./folder/schemas.js";
import { alignForm, checkOptions } from "./options/index.js";
import { isLossObject } from "./options/loss-of.js";

/* Checks of what a method gives to `stages.align`, before anything is trained: its code may be untyped. */

/** @throws InputError unless the iteration is the next one */
export function requireNext(t: unknown, next: number): void {
  if (t !== next)
    throw new InputError(
      `stages.align: found iteration ${quote(t)}, expected ${next}; a method trains each iteration once, in order`,
    );
}

/** @throws InputError naming the first of the pairs that are not pairs of token ids */
export function requirePairs(t: number, pairs: unknown): void {
  const advice = "as stages.offlinePairs() gives them";
  if (!Array.isArray(pairs)) {
    const found = pairs instanceof Promise ? "a promise (await it)" : quote(pairs);
    throw new InputError(`stages.align(${t}): pairs: found ${found}, expected a list of pairs, ${advice}`);
  }
  pairs.forEach((pair: unknown, i) => {
    const fields = Object(pair) as Readonly<Record<string, unknown>>;
    for (const name of ["prompt", "chosen", "rejected"])
      if (!types.isInt32Array(fields[name]))
        throw new InputError(
          `stages.align(${t}): ${name} of pair ${i + 1}: found ${quote(fields[name])}, expected token ids in an Int32Array, ${advice}`,
        );
  });
}

/** @throws InputError naming the first of the counts that the summary could not hold */
export function requireTrainedOn(t: number, trainedOn: unknown): void {
  const checked = trainedOnSchema.safeParse(trainedOn);
  if (checked.success) return;
  const { path } = checked.error.issues[0]!;
  const found = path.reduce<unknown>((value, name) => (value as Record<PropertyKey, unknown>)[name], trainedOn);
  const expected =
    path.length === 0
      ? "an object { pairsSelected, pairsBootstrapped, bootstrap }"
      : path.length === 1 && path[0] === "bootstrap"
        ? "the counts of the bootstrapped pairs, or null"
        : "a whole number from 0";
  const name = path.length === 0 ? "trainedOn" : path.join(".");
  throw new InputError(`stages.align(${t}): ${name}: found ${quote(found)}, expected ${expected}`);
}

/** @throws InputError naming the first setting of the iteration that is unknown, or outside its range */
export function requireSettings(t: number, settings: unknown): void {
  const taker = `stages.align(${t})`;
  requireOptions(taker, settings);
  const { loss, source, from, ...own } = settings as Readonly<Record<string, unknown>>;
  const { epochs, learningRate, referenceEvery } = alignForm.table;
  const table: OptionTable<object> = { epochs, learningRate, referenceEvery };
  checkOptions({ name: taker, table }, own);
  if (loss !== undefined && !isLossObject(loss))
    throw new InputError(`${taker}: loss: found ${quote(loss)}, expected a loss such as losses.dpo({ beta: 0.1 })`);
  if (source !== undefined && typeof source !== "function")
    throw new InputError(`${taker}: source: found ${quote(source)}, expected a function`);
  if (from !== undefined && !(Number.isInteger(from) && Number(from) >= 0 && Number(from) < t))
    throw new InputError(`${taker}: from: found ${quote(from)}, expected an iteration from 0 to ${t - 1}`);
}
