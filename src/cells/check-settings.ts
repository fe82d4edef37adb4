import { InputError, quote } from "../base/errors.js";
import { isPrompt } from "../data/pair.js";
import { requireIds } from "../run/check-run.js";
import { refuseWholeResult } from "./refuse-whole-result.js";
import type { RunSettings } from "./train.js";

interface Check {
  readonly isGood: (value: unknown) => boolean;
  readonly expected: string;
  /** What is wrong with a list, by its first wrong row; undefined if all are good. */
  readonly faultInRows?: (rows: readonly unknown[]) => string | undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** A kind of row, and its fields other than id and prompt. */
interface RowKind {
  readonly name: string;
  readonly fields: readonly string[];
}

const pair: RowKind = { name: "pair", fields: ["chosen", "rejected"] };
const prompt: RowKind = { name: "prompt", fields: [] };
const demonstration: RowKind = { name: "demonstration", fields: ["response"] };

const formOf = ({ fields }: RowKind) => `{${["id", "prompt", ...fields].join(", ")}}`;

/** Returns what keeps a row from being of a kind. */
function faultOf(row: unknown, kind: RowKind): string | undefined {
  if (!isObject(row)) return `found ${quote(row)}, expected a ${kind.name} ${formOf(kind)}`;
  const wrong = [...(isPrompt(row["prompt"]) ? [] : ["prompt"]), ...kind.fields].find(
    (field) => field === "prompt" || typeof row[field] !== "string",
  );
  if (wrong === undefined) return undefined;
  if (row[wrong] === undefined) return `${wrong} is missing; a ${kind.name} is ${formOf(kind)}`;
  const expected = wrong === "prompt" ? "a text or a list of messages { role, content }" : "a text";
  return `${wrong}: found ${quote(row[wrong])}, expected ${expected}`;
}

/** Returns what is wrong with the first wrong row, counted from 1. */
function firstFault(rows: readonly unknown[], kindOf: (row: unknown) => RowKind): string | undefined {
  for (const [i, row] of rows.entries()) {
    const fault = faultOf(row, kindOf(row));
    if (fault !== undefined) return `row ${i + 1}: ${fault}`;
  }
  return undefined;
}

function listOf(kind: RowKind): Check {
  return {
    expected: `a list of ${kind.name}s ${formOf(kind)}`,
    isGood: Array.isArray,
    faultInRows: (rows) => firstFault(rows, () => kind),
  };
}

const hasResponse = (row: unknown) => isObject(row) && ("chosen" in row || "rejected" in row);

const pairs = listOf(pair);
const pairsOrPrompts: Check = {
  expected: `${pairs.expected} or of prompts ${formOf(prompt)}`,
  isGood: Array.isArray,
  faultInRows(rows) {
    const first = hasResponse(rows[0]) ? pair : prompt;
    const kindOf = (row: unknown) => (!isObject(row) ? first : hasResponse(row) ? pair : prompt);
    const other = rows.findIndex((row) => kindOf(row) !== first);
    const fault = firstFault(other === -1 ? rows : rows.slice(0, other + 1), kindOf);
    if (fault !== undefined || other === -1) return fault;
    return `row ${other + 1} is a ${kindOf(rows[other]).name} and row 1 a ${first.name}; give only one of the two kinds`;
  },
};
const path: Check = { expected: "a path", isGood: (value) => typeof value === "string" && value !== "" };
const yesOrNo: Check = { expected: "true or false", isGood: (value) => typeof value === "boolean" };
const isFunction = (value: unknown) => typeof value === "function";
/** Checked where the setting is read, with a more specific message. */
const elsewhere: Check = { expected: "", isGood: () => true };

const checks: { readonly [Name in keyof Required<RunSettings>]: Check } = {
  heldOut: pairsOrPrompts,
  validation: pairs,
  demonstrations: listOf(demonstration),
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
  requirePairs(trained);
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) check(name, checks[name as keyof RunSettings], value);
  }
  const lists = { pairs: trained, ...settings };
  for (const [name, what] of Object.entries(rowNames))
    requireIds(what, (lists[name as keyof typeof lists] ?? []) as readonly object[]);
}

/** @throws InputError naming the first row that is not a pair */
export function requirePairs(rows: unknown): void {
  check("pairs", pairs, rows);
}

function check(name: string, { isGood, expected, faultInRows }: Check, value: unknown): void {
  if (faultInRows) refuseWholeResult(name, value);
  if (!isGood(value)) throw new InputError(`${name}: found ${quote(value)}, expected ${expected}`);
  const fault = faultInRows?.(value as readonly unknown[]);
  if (fault !== undefined) throw new InputError(`${name}: ${fault}`);
}
