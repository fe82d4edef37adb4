import { InputError, quote } from "../base/errors.js";
import { isPrompt } from "../data/pair.js";
import { requireIds } from "../run/check-run.js";
import type { RunSettings } from "./train.js";

interface Check {
  readonly isGood: (value: unknown) => boolean;
  readonly expected: string;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function listOf(what: string, fields: readonly string[]): Check {
  const isOne = (value: unknown) =>
    isObject(value) && isPrompt(value["prompt"]) && fields.every((field) => typeof value[field] === "string");
  return {
    expected: `a list of ${what} {${["id", "prompt", ...fields].join(", ")}}`,
    isGood: (value) => Array.isArray(value) && value.every(isOne),
  };
}

const pairs = listOf("pairs", ["chosen", "rejected"]);
const prompts = listOf("prompts", []);
const pairsOrPrompts: Check = {
  expected: `${pairs.expected} or of prompts {id, prompt}`,
  isGood: (value) =>
    pairs.isGood(value) ||
    (prompts.isGood(value) && (value as readonly object[]).every((row) => !("chosen" in row || "rejected" in row))),
};
const path: Check = { expected: "a path", isGood: (value) => typeof value === "string" && value !== "" };
const yesOrNo: Check = { expected: "true or false", isGood: (value) => typeof value === "boolean" };
const isFunction = (value: unknown) => typeof value === "function";
/** Checked where the setting is read, with a more specific message. */
const elsewhere: Check = { expected: "", isGood: () => true };

const checks: { readonly [Name in keyof Required<RunSettings>]: Check } = {
  heldOut: pairsOrPrompts,
  validation: pairs,
  demonstrations: listOf("demonstrations", ["response"]),
  columns: {
    expected: 'a column rule { name: "…", version: "1", of: … }',
    isGood: (value) => isObject(value) || isFunction(value),
  },
  judge: {
    expected: "a judge, with its functions compare and grade",
    isGood: (value) => isObject(value) && isFunction(value["compare"]) && isFunction(value["grade"]),
  },
  evaluate: {
    expected: "a function, or { name, version, evaluate }",
    isGood: (value) => isObject(value) || isFunction(value),
  },
  truncatePrompts: yesOrNo,
  maxLength: elsewhere,
  maxPromptLength: elsewhere,
  folder: path,
  redoFrom: elsewhere,
  referenceCache: path,
  on: {
    expected: "a compute target such as ray({ address, storage })",
    isGood: (value) => isObject(value) && isFunction(value["open"]) && isFunction(value["check"]),
  },
  onStep: { expected: "a function of the step", isGood: isFunction },
  track: {
    expected: 'a tracker, as tensorBoard("logs"), or a list of them',
    isGood: (value) =>
      [value].flat().every((one) => isObject(one) && typeof one["name"] === "string" && isFunction(one["open"])),
  },
  signal: {
    expected: "an AbortSignal, as that of new AbortController()",
    isGood: (value) => value instanceof AbortSignal,
  },
  quiet: yesOrNo,
};

/** What messages call the rows of each list. */
const rowNames = {
  pairs: "pair",
  heldOut: "held-out row",
  validation: "validation pair",
  demonstrations: "demonstration",
} as const;

/**
 * @throws InputError naming the first setting (or the pairs) of the wrong type, or the first pair or demonstration
 *   without a unique id
 */
export function checkSettings(trained: unknown, settings: RunSettings): void {
  check("pairs", pairs, trained);
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) check(name, checks[name as keyof RunSettings], value);
  }
  const lists = { pairs: trained, ...settings };
  for (const [name, what] of Object.entries(rowNames))
    requireIds(what, (lists[name as keyof typeof lists] ?? []) as readonly object[]);
}

function check(name: string, { isGood, expected }: Check, value: unknown): void {
  if (!isGood(value)) throw new InputError(`${name}: found ${quote(value)}, expected ${expected}`);
}
