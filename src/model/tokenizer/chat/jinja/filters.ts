import { bound } from "./arguments.js";
import { itemOf, reversed } from "./indexing.js";
import { jsonText } from "./json-text.js";
import { binary, compare, formatted } from "./operators.js";
import { str } from "./print.js";
import { passes } from "./tests.js";
import { capitalized, replaced, splitLines, stripped } from "./texts.js";
import {
  asInt,
  asNumber,
  Dict,
  Generator,
  isTrue,
  itemsOf,
  lengthOf,
  Markup,
  TemplateError,
  Tuple,
  typeName,
  Undefined,
  hashKey,
  type Value,
} from "./values.js";

type Named = ReadonlyMap<string, Value>;

/** The parts of the interpreter that a filter needs. */
export interface FilterContext {
  /** `value[name]` as in a template, which falls back to an attribute if there is no such item. */
  item(value: Value, name: Value): Value;
  /** An attribute only: a method, or a member of a namespace or loop. */
  attribute(value: Value, name: Value): Value;
  filter(name: string, value: Value, args: readonly Value[], named: Named): Value;
}

type Filter = (value: Value, args: readonly Value[], named: Named, context: FilterContext) => Value;

/** Jinja's filters by name; `tojson` as in transformers. */
export const filters: Readonly<Record<string, Filter>> = {
  abs(value) {
    const number = need(asNumber(value), value, "abs");
    return number < 0 ? -number : number;
  },
  capitalize: (value) => capitalized(str(value)),
  count: (value) => BigInt(lengthOf(value)),
  length: (value) => BigInt(lengthOf(value)),
  default(value, args, named) {
    const [otherwise = "", boolean = false] = bound("default", ["default_value", "boolean"], 0, args, named);
    return value instanceof Undefined || (isTrue(boolean) && !isTrue(value)) ? otherwise : value;
  },
  dictsort(value, args, named) {
    const [caseSensitive = false, by = "key", reverse = false] = bound(
      "dictsort",
      ["case_sensitive", "by", "reverse"],
      0,
      args,
      named,
    );
    if (!(value instanceof Dict)) throw new TemplateError(`dictsort of a ${typeName(value)}`);
    const index = by === "value" ? 1 : 0;
    return sorted(
      value.entries().map((entry) => new Tuple(entry)),
      (entry) => folded((entry as Tuple).items[index]!, caseSensitive),
      reverse,
    );
  },
  first: (value) => firstOf(itemsOf(value), "the first item of nothing"),
  last: (value) => firstOf(reversed(value), "the last item of nothing"),
  float(value, args, named) {
    if (value instanceof Undefined) throw new TemplateError(`${value.what} is undefined`);
    const [otherwise = 0] = bound("float", ["default"], 0, args, named);
    const number = asNumber(value);
    if (number !== undefined) return Number(number);
    const text = typeof value === "string" ? stripped(value, undefined, "both") : "";
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : otherwise;
  },
  format: (value, args, named) => {
    if (named.size > 0) throw new TemplateError("the filter format with names, which is not supported");
    return formatted(str(value), new Tuple(args));
  },
  indent(value, args, named) {
    const [width = 4n, first = false, blank = false] = bound("indent", ["width", "first", "blank"], 0, args, named);
    const space = typeof width === "string" ? width : " ".repeat(Number(need(asInt(width), width, "indent")));
    if (typeof value !== "string") throw new TemplateError(`indent of a ${typeName(value)}`);
    const [head = "", ...rest] = splitLines(`${value}\n`, false);
    const shown = rest.map((line) => (isTrue(blank) || line !== "" ? space + line : line));
    return [isTrue(first) ? space + head : head, ...shown].join("\n");
  },
  int(value, args, named) {
    if (value instanceof Undefined) throw new TemplateError(`${value.what} is undefined`);
    const [otherwise = 0n, base = 10n] = bound("int", ["default", "base"], 0, args, named);
    if (base !== 10n) throw new TemplateError("the filter int with another base than 10, which is not supported");
    const number = asNumber(value);
    if (typeof number === "bigint") return number;
    if (number !== undefined) return Number.isFinite(number) ? BigInt(Math.trunc(number)) : otherwise;
    const text = typeof value === "string" ? stripped(value, undefined, "both") : "";
    if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace("+", ""));
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? BigInt(Math.trunc(Number(text))) : otherwise;
  },
  items(value) {
    if (value instanceof Undefined) return new Generator([]);
    if (!(value instanceof Dict)) throw new TemplateError("Can only get item pairs from a mapping.");
    return new Generator(value.entries().map((entry) => new Tuple(entry)));
  },
  join(value, args, named, context) {
    const [separator = "", attribute] = bound("join", ["d", "attribute"], 0, args, named);
    return itemsOf(value)
      .map((item) => str(attribute === undefined ? item : path(item, attribute, context)))
      .join(str(separator));
  },
  list: (value) => [...itemsOf(value)],
  lower: (value) => str(value).toLowerCase(),
  upper: (value) => str(value).toUpperCase(),
  map(value, args, named, context) {
    const items = someOf(value);
    if (args.length === 0) {
      const attribute = named.get("attribute");
      if (attribute === undefined) throw new TemplateError("map requires a filter argument");
      const otherwise = named.get("default");
      return new Generator(
        items.map((item) => {
          const found = path(item, attribute, context);
          return found instanceof Undefined && otherwise !== undefined ? otherwise : found;
        }),
      );
    }
    const [name, ...rest] = args;
    return new Generator(items.map((item) => context.filter(str(name!), item, rest, named)));
  },
  max: (value, args, named, context) => extreme("max", value, args, named, context, (order) => order > 0),
  min: (value, args, named, context) => extreme("min", value, args, named, context, (order) => order < 0),
  reject: (value, args) => new Generator(someOf(value).filter((item) => !chosen(item, args))),
  select: (value, args) => new Generator(someOf(value).filter((item) => chosen(item, args))),
  rejectattr: (value, args, _, context) =>
    new Generator(someOf(value).filter((item) => !chosenBy(item, args, context))),
  selectattr: (value, args, _, context) => new Generator(someOf(value).filter((item) => chosenBy(item, args, context))),
  replace(value, args, named) {
    const [old, by, count] = bound("replace", ["old", "new", "count"], 2, args, named);
    return replaced(
      str(value),
      str(old!),
      str(by!),
      count === undefined || count === null ? -1 : Number(need(asInt(count), count, "replace")),
    );
  },
  reverse: (value) =>
    typeof value === "string" ? Array.from(value).reverse().join("") : new Generator(reversed(value)),
  round(value, args, named) {
    const [precision = 0n, method = "common"] = bound("round", ["precision", "method"], 0, args, named);
    const given = need(asNumber(value), value, "round");
    if (typeof given === "bigint" && method === "common") return given;
    const number = Number(given);
    if (precision !== 0n) throw new TemplateError("the filter round with a precision, which is not supported");
    if (method === "ceil") return Math.ceil(number);
    if (method === "floor") return Math.floor(number);
    const floor = Math.floor(number);
    const isHalf = number - floor === 0.5;
    const rounded = isHalf ? (floor % 2 === 0 ? floor : floor + 1) : Math.round(number);
    return rounded === 0 && number < 0 ? -0 : rounded;
  },
  safe: (value) => new Markup(str(value)),
  sort(value, args, named, context) {
    const [reverse = false, caseSensitive = false, attribute] = bound(
      "sort",
      ["reverse", "case_sensitive", "attribute"],
      0,
      args,
      named,
    );
    return sorted(
      itemsOf(value),
      (item) =>
        folded(attribute === undefined || attribute === null ? item : path(item, attribute, context), caseSensitive),
      reverse,
    );
  },
  string: (value) => (value instanceof Markup ? value : str(value)),
  sum(value, args, named, context) {
    const [attribute, start = 0n] = bound("sum", ["attribute", "start"], 0, args, named);
    return itemsOf(value).reduce<Value>(
      (sum, item) =>
        binary("+", sum, attribute === undefined || attribute === null ? item : path(item, attribute, context)),
      start,
    );
  },
  title: (value) =>
    str(value)
      .split(/([-\s({[<]+)/u)
      .map((part) => capitalized(part))
      .join(""),
  tojson(value, args, named) {
    const [ensureAscii = false, indent, separators, sortKeys = false] = bound(
      "tojson",
      ["ensure_ascii", "indent", "separators", "sort_keys"],
      0,
      args,
      named,
    );
    const isOneLine = indent === undefined || indent === null;
    return jsonText(value, {
      ensureAscii: isTrue(ensureAscii),
      indent: isOneLine
        ? undefined
        : typeof indent === "string"
          ? indent
          : " ".repeat(Number(need(asInt(indent), indent, "tojson"))),
      separators:
        separators === undefined || separators === null
          ? [isOneLine ? ", " : ",", ": "]
          : (itemsOf(separators).map(str) as [string, string]),
      sortKeys: isTrue(sortKeys),
    });
  },
  trim(value, args, named) {
    const [characters] = bound("trim", ["chars"], 0, args, named);
    return stripped(str(value), characters === undefined || characters === null ? undefined : str(characters), "both");
  },
  unique(value, args, named, context) {
    const [caseSensitive = false, attribute] = bound("unique", ["case_sensitive", "attribute"], 0, args, named);
    const seen = new Set<string>();
    return new Generator(
      itemsOf(value).filter((item) => {
        const key = hashKey(
          folded(attribute === undefined || attribute === null ? item : path(item, attribute, context), caseSensitive),
        );
        return !seen.has(key) && seen.add(key);
      }),
    );
  },
  wordcount: (value) => BigInt(str(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
  attr(value, args, _, context) {
    return context.attribute(value, args[0] ?? null);
  },
};

/** Aliases of {@link filters}. */
export const filterNames: Readonly<Record<string, string>> = { d: "default" };

/** The items for `map` and the selecting filters: none if the value is false, whether iterable or not. */
function someOf(value: Value): readonly Value[] {
  return isTrue(value) ? itemsOf(value) : [];
}

function defined(value: Value | undefined, what: string): Value {
  return value === undefined ? new Undefined(what) : value;
}

/** The first item, which may be None. */
function firstOf(items: readonly Value[], nothing: string): Value {
  return items.length > 0 ? items[0]! : new Undefined(nothing);
}

function need<T>(found: T | undefined, value: Value, name: string): T {
  if (found === undefined) throw new TemplateError(`${name} of a ${typeName(value)}`);
  return found;
}

/** `a.b.0` of a value. */
function path(value: Value, name: Value, { item }: FilterContext): Value {
  const parts =
    typeof name === "string"
      ? name.split(".").map((part): Value => (/^\d+$/.test(part) ? BigInt(part) : part))
      : [name];
  return parts.reduce(
    (inner, part) => (typeof part === "bigint" ? defined(itemOf(inner, part), `item ${part}`) : item(inner, part)),
    value,
  );
}

/** Texts are compared case-insensitively unless requested otherwise. */
function folded(value: Value, caseSensitive: Value): Value {
  return typeof value === "string" && !isTrue(caseSensitive) ? value.toLowerCase() : value;
}

function sorted(items: readonly Value[], key: (item: Value) => Value, reverse: Value): Value[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = isTrue(reverse) ? -1 : 1;
  return keyed
    .sort((a, b) => {
      const order = compare(a.key, b.key);
      if (order === undefined)
        throw new TemplateError(`'<' not supported between instances of '${typeName(a.key)}' and '${typeName(b.key)}'`);
      return sign * order;
    })
    .map(({ item }) => item);
}

function extreme(
  name: string,
  value: Value,
  args: readonly Value[],
  named: Named,
  context: FilterContext,
  isBetter: (order: number) => boolean,
): Value {
  const [caseSensitive = false, attribute] = bound(name, ["case_sensitive", "attribute"], 0, args, named);
  const key = (item: Value) =>
    folded(attribute === undefined || attribute === null ? item : path(item, attribute, context), caseSensitive);
  const [first, ...rest] = itemsOf(value);
  if (first === undefined) return new Undefined("an item of nothing");
  return rest.reduce((best, item) => {
    const order = compare(key(item), key(best));
    if (order === undefined) throw new TemplateError(`${name} of a ${typeName(item)} and a ${typeName(best)}`);
    return isBetter(order) ? item : best;
  }, first);
}

function chosen(item: Value, [name, ...args]: readonly Value[]): boolean {
  return name === undefined ? isTrue(item) : passes(str(name), item, args);
}

function chosenBy(item: Value, [attribute, ...args]: readonly Value[], context: FilterContext): boolean {
  if (attribute === undefined) throw new TemplateError("Missing parameter for attribute name");
  return chosen(path(item, attribute, context), args);
}
