import { binary } from "./operators.js";
import { str } from "./print.js";
import {
  asInt,
  asNumber,
  Callable,
  Dict,
  DictView,
  equals,
  Generator,
  Markup,
  Range,
  TemplateError,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

const isDefined = (value: Value) => !(value instanceof Undefined);
const isInt = (value: Value) => typeof value === "bigint";
const comparison = (operator: string) => (value: Value, args: readonly Value[]) =>
  Boolean(binary(operator, value, one(args)));

/** Jinja's tests by name. */
export const tests: Readonly<Record<string, (value: Value, args: readonly Value[]) => boolean>> = {
  defined: isDefined,
  undefined: (value) => !isDefined(value),
  none: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  integer: isInt,
  float: (value) => typeof value === "number",
  number: (value) => asNumber(value) !== undefined,
  string: (value) => typeof value === "string" || value instanceof Markup,
  mapping: (value) => value instanceof Dict,
  sequence: (value) =>
    typeof value === "string" ||
    Array.isArray(value) ||
    [Tuple, Dict, Range, Markup, Undefined].some((type) => value instanceof type),
  iterable: (value) =>
    typeof value === "string" ||
    Array.isArray(value) ||
    [Tuple, Dict, Range, DictView, Generator, Markup, Undefined].some((type) => value instanceof type),
  callable: (value) => value instanceof Callable || value instanceof Undefined,
  odd: (value) => binary("==", binary("%", value, 2n), 1n) === true,
  even: (value) => binary("==", binary("%", value, 2n), 0n) === true,
  divisibleby: (value, args) => binary("==", binary("%", value, one(args)), 0n) === true,
  sameas: (value, args) => sameAs(value, one(args)),
  lower: (value) => isCase(str(value), "toLowerCase"),
  upper: (value) => isCase(str(value), "toUpperCase"),
  in: (value, args) => binary("in", value, one(args)) === true,
  ...Object.fromEntries(
    ["eq", "equalto"].map((name) => [name, (value: Value, args: readonly Value[]) => equals(value, one(args))]),
  ),
  ne: (value, args) => !equals(value, one(args)),
  ...Object.fromEntries(["lt", "lessthan"].map((name) => [name, comparison("<")])),
  ...Object.fromEntries(["gt", "greaterthan"].map((name) => [name, comparison(">")])),
  le: comparison("<="),
  ge: comparison(">="),
};

/** @throws TemplateError for an unknown test, or one without a required argument */
export function passes(name: string, value: Value, args: readonly Value[]): boolean {
  if (!Object.hasOwn(tests, name)) throw new TemplateError(`the test "${name}", which is not supported`);
  return tests[name]!(value, args);
}

function one(args: readonly Value[]): Value {
  if (args.length !== 1) throw new TemplateError(`a test with ${args.length} arguments, where it has one`);
  return args[0]!;
}

function isCase(text: string, change: "toLowerCase" | "toUpperCase"): boolean {
  return text === text[change]() && text.toLowerCase() !== text.toUpperCase();
}

/** Python has one None, True and False; whether other equal values are the same object is an implementation detail. */
function sameAs(value: Value, other: Value): boolean {
  if (typeof value === "object" && value !== null) return value === other;
  if (value === null || typeof value === "boolean" || typeName(value) !== typeName(other)) return value === other;
  if (asInt(value) !== undefined && value !== other) return false;
  throw new TemplateError(`the test "sameas" of two of type ${typeName(value)}, which is not supported`);
}
