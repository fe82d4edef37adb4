import { repr, str } from "./print.js";
import {
  asInt,
  asNumber,
  Dict,
  equals,
  Generator,
  hashKey,
  itemsOf,
  Markup,
  TemplateError,
  Tuple,
  typeName,
  Undefined,
  DictView,
  Range,
  type Value,
} from "./values.js";

/** Most bits of an int that `**` produces, and most characters or items of a sequence that `*` produces. */
const mostBits = 4096;
const mostRepeated = 10_000_000;

/** The result of an operator on two values, as in Python. @throws TemplateError if Python raises */
export function binary(operator: string, a: Value, b: Value): Value {
  if (a instanceof Markup || b instanceof Markup) return binaryOfSafe(operator, a, b);
  switch (operator) {
    case "==":
      return equals(a, b);
    case "!=":
      return !equals(a, b);
    case "~":
      // Without autoescape this joins texts unescaped, even those marked as safe.
      return str(a) + str(b);
    case "in":
      return contains(b, a);
    case "not in":
      return !contains(b, a);
    case "<":
    case ">":
    case "<=":
    case ">=":
      return ordered(operator, a, b);
  }
  if (operator === "%" && typeof a === "string") return formatted(a, b);
  if (operator === "-" && [a, b].some((value) => value instanceof DictView && value.kind !== "dict_values"))
    throw new TemplateError("a difference of sets, which is not supported");
  for (const value of [a, b]) if (value instanceof Undefined) throw new TemplateError(`${value.what} is undefined`);
  const [x, y] = [asNumber(a), asNumber(b)];
  if (x !== undefined && y !== undefined)
    return typeof x === "bigint" && typeof y === "bigint"
      ? ofInts(operator, x, y)
      : ofFloats(operator, Number(x), Number(y));
  if (operator === "+") {
    if (typeof a === "string" && typeof b === "string") return a + b;
    if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b];
    if (a instanceof Tuple && b instanceof Tuple) return new Tuple([...a.items, ...b.items]);
  }
  if (operator === "*") {
    const repeated = repeat(a, b) ?? repeat(b, a);
    if (repeated !== undefined) return repeated;
  }
  throw new TemplateError(`unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`);
}

/** If one operand is marked as safe: `+` escapes the other as MarkupSafe does; comparison and `in` treat it as plain text. */
function binaryOfSafe(operator: string, a: Value, b: Value): Value {
  if (operator === "+" && [a, b].every((value) => typeof value === "string" || value instanceof Markup))
    return new Markup(escaped(a) + escaped(b));
  if (["==", "!=", "~", "in", "not in", "<", ">", "<=", ">="].includes(operator))
    return binary(operator, plain(a), plain(b));
  throw new TemplateError(`the operator ${operator} with a text marked as safe, which is not supported`);
}

const plain = (value: Value) => (value instanceof Markup ? value.text : value);

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};

function escaped(value: Value): string {
  return value instanceof Markup
    ? value.text
    : (value as string).replace(/[&<>'"]/g, (character) => entities[character]!);
}

/** Unary `-` or `+`. */
export function unary(operator: string, value: Value): Value {
  const number = asNumber(value);
  if (number === undefined) throw new TemplateError(`bad operand type for unary ${operator}: '${typeName(value)}'`);
  return operator === "-" ? -number : number;
}

function ofInts(operator: string, x: bigint, y: bigint): Value {
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "//":
      return (x - modulo(x, y)) / y;
    case "%":
      return modulo(x, y);
    case "/":
      if (y === 0n) throw new TemplateError("division by zero");
      if (![x, y].every((each) => Number.isSafeInteger(Number(each))))
        throw new TemplateError("a division of integers beyond 2^53, which is not supported");
      return Number(x) / Number(y);
    case "**":
      if (y < 0n) return ofFloats("**", Number(x), Number(y));
      if (BigInt(x.toString(2).length) * y > BigInt(mostBits)) throw new TemplateError("a power that is too large");
      return x ** y;
  }
  throw new TemplateError(`the operator ${operator}`);
}

/** The result has the sign of the divisor. */
function modulo(x: bigint, y: bigint): bigint {
  if (y === 0n) throw new TemplateError("integer division or modulo by zero");
  const rest = x % y;
  return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
}

function ofFloats(operator: string, x: number, y: number): number {
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      if (y === 0) throw new TemplateError("float division by zero");
      return x / y;
    case "//":
      return dividedFloats(x, y).quotient;
    case "%":
      return dividedFloats(x, y).rest;
    case "**":
      if (x === 0 && y < 0) throw new TemplateError("0.0 cannot be raised to a negative power");
      if (x < 0 && Number.isFinite(x) && Number.isFinite(y) && !Number.isInteger(y))
        throw new TemplateError("a complex number, which is not supported");
      return power(x, y);
  }
  throw new TemplateError(`the operator ${operator}`);
}

function power(x: number, y: number): number {
  // C's pow is 1 in cases in which JavaScript's is NaN.
  if (x === 1 || y === 0 || (x === -1 && !Number.isFinite(y) && !Number.isNaN(y))) return 1;
  const result = x ** y;
  if (!Number.isFinite(result) && Number.isFinite(x) && Number.isFinite(y))
    throw new TemplateError("a power that is too large");
  return result;
}

/** CPython's float_divmod. */
function dividedFloats(x: number, y: number): { quotient: number; rest: number } {
  if (y === 0) throw new TemplateError("float modulo by zero");
  let rest = x % y;
  let quotient = (x - rest) / y;
  if (rest !== 0) {
    if (y < 0 !== rest < 0) {
      rest += y;
      quotient -= 1;
    }
  } else {
    rest = y < 0 ? -0 : 0;
  }
  if (quotient === 0) return { quotient: x / y < 0 || Object.is(x / y, -0) ? -0 : 0, rest };
  const floor = Math.floor(quotient);
  return { quotient: quotient - floor > 0.5 ? floor + 1 : floor, rest };
}

function repeat(sequence: Value, times: Value): Value | undefined {
  const count = asInt(times);
  const length =
    typeof sequence === "string" || Array.isArray(sequence)
      ? sequence.length
      : sequence instanceof Tuple
        ? sequence.items.length
        : undefined;
  if (count === undefined || length === undefined) return undefined;
  const n = count < 0n ? 0 : Number(count);
  if (length * n > mostRepeated) throw new TemplateError("a sequence that is too long");
  if (typeof sequence === "string") return sequence.repeat(n);
  if (Array.isArray(sequence)) return Array.from({ length: n }, () => sequence).flat(1) as Value[];
  return new Tuple(Array.from({ length: n }, () => (sequence as Tuple).items).flat(1) as Value[]);
}

function ordered(operator: "<" | ">" | "<=" | ">=", a: Value, b: Value): boolean {
  const order = compare(a, b);
  if (order === undefined) {
    if (a instanceof DictView && b instanceof DictView)
      throw new TemplateError("a comparison of sets, which is not supported");
    for (const value of [a, b]) if (value instanceof Undefined) throw new TemplateError(`${value.what} is undefined`);
    throw new TemplateError(`'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
  }
  if (Number.isNaN(order)) return false;
  return operator === "<" ? order < 0 : operator === ">" ? order > 0 : operator === "<=" ? order <= 0 : order >= 0;
}

/** Negative if `a` comes first, NaN if neither does, undefined if Python does not order them. */
export function compare(a: Value, b: Value): number | undefined {
  const [x, y] = [asNumber(a), asNumber(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : x == y ? 0 : NaN;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareItems(a, b);
  if (a instanceof Tuple && b instanceof Tuple) return compareItems(a.items, b.items);
  return undefined;
}

/** Compares by code points; JavaScript compares code units. */
function compareTexts(a: string, b: string): number {
  const [x, y] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const difference = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}

function compareItems(a: readonly Value[], b: readonly Value[]): number | undefined {
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] !== b[i] && !equals(a[i]!, b[i]!)) return compare(a[i]!, b[i]!);
  }
  return a.length - b.length;
}

function contains(container: Value, item: Value): boolean {
  if (typeof container === "string") {
    if (typeof item === "string") return container.includes(item);
    if (item instanceof Undefined) throw new TemplateError(`${item.what} is undefined`);
    throw new TemplateError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (container instanceof Dict) return container.has(item);
  if (container instanceof DictView && container.kind === "dict_keys") hashKey(item);
  const isIterable =
    Array.isArray(container) ||
    [Tuple, Range, DictView, Generator, Undefined].some((type) => container instanceof type);
  if (!isIterable) throw new TemplateError(`argument of type '${typeName(container)}' is not iterable`);
  return itemsOf(container).some((each) => each === item || equals(each, item));
}

/** `text % values`, for the conversions %s, %r, %d and %i without widths. */
export function formatted(text: string, values: Value): string {
  const isTuple = values instanceof Tuple;
  const left = isTuple ? [...values.items] : [values];
  let used = 0;
  const result = text.replace(/%([^]?)/gu, (_, conversion: string) => {
    if (conversion === "%") return "%";
    if (conversion === "") throw new TemplateError("incomplete format");
    if (!["s", "r", "d", "i"].includes(conversion))
      throw new TemplateError(`the conversion %${conversion}, which is not supported`);
    if (used === left.length) throw new TemplateError("not enough arguments for format string");
    const value = left[used++]!;
    if (conversion === "s") return str(value);
    if (conversion === "r") return repr(value);
    const number = asNumber(value);
    if (number === undefined)
      throw new TemplateError(`%${conversion} format: a real number is required, not ${typeName(value)}`);
    return String(typeof number === "bigint" ? number : BigInt(Math.trunc(number)));
  });
  // An indexable value counts as a mapping, none of whose items need be used.
  const isMapping =
    Array.isArray(values) || values instanceof Dict || values instanceof Range || values instanceof Undefined;
  if (used < left.length && !isMapping) throw new TemplateError("not all arguments converted during string formatting");
  return result;
}
