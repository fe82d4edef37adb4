import { bound } from "./arguments.js";
import { str } from "./print.js";
import { capitalized, isBlank, replaced, rightSplit, split, splitLines, stripped, titled } from "./texts.js";
import {
  asInt,
  Callable,
  Dict,
  DictView,
  equals,
  itemsOf,
  TemplateError,
  Tuple,
  typeName,
  type Value,
} from "./values.js";

type Method<Self> = (self: Self, args: readonly Value[], named: ReadonlyMap<string, Value>) => Value;

const textMethods: Readonly<Record<string, Method<string>>> = {
  upper: (self, args) => (none("upper", args), self.toUpperCase()),
  lower: (self, args) => (none("lower", args), self.toLowerCase()),
  capitalize: (self, args) => (none("capitalize", args), capitalized(self)),
  title: (self, args) => (none("title", args), titled(self)),
  swapcase: (self, args) => (
    none("swapcase", args),
    Array.from(self, (each) => (each === each.toUpperCase() ? each.toLowerCase() : each.toUpperCase())).join("")
  ),
  strip: (self, args) => stripped(self, characters("strip", args), "both"),
  lstrip: (self, args) => stripped(self, characters("lstrip", args), "left"),
  rstrip: (self, args) => stripped(self, characters("rstrip", args), "right"),
  split: (self, args, named) => splitBy(split, self, "split", args, named),
  rsplit: (self, args, named) => splitBy(rightSplit, self, "rsplit", args, named),
  splitlines: (self, args, named) => splitLines(self, bound("splitlines", ["keepends"], 0, args, named)[0] === true),
  startswith: (self, args) => begins("startswith", args, (part) => self.startsWith(part)),
  endswith: (self, args) => begins("endswith", args, (part) => self.endsWith(part)),
  replace(self, args, named) {
    const [old, by, count] = bound("replace", ["old", "new", "count"], 2, args, named);
    return replaced(self, text("replace", old), text("replace", by), count === undefined ? -1 : int("replace", count));
  },
  join(self, args) {
    const [items] = bound("join", ["iterable"], 1, args, new Map());
    return itemsOf(items!)
      .map((item) => text("join", item))
      .join(self);
  },
  format: (self, args, named) => formattedFields(self, args, named),
  find: (self, args) => BigInt(at("find", self, args, "first")),
  rfind: (self, args) => BigInt(at("rfind", self, args, "last")),
  index: (self, args) => foundAt(at("index", self, args, "first")),
  rindex: (self, args) => foundAt(at("rindex", self, args, "last")),
  count(self, args) {
    const part = text("count", bound("count", ["sub"], 1, args, new Map())[0]);
    return BigInt(part === "" ? Array.from(self).length + 1 : self.split(part).length - 1);
  },
  isdigit: (self, args) => (none("isdigit", args), /^\p{Nd}+$/u.test(self)),
  isalpha: (self, args) => (none("isalpha", args), /^\p{L}+$/u.test(self)),
  isalnum: (self, args) => (none("isalnum", args), /^[\p{L}\p{Nd}]+$/u.test(self)),
  isspace: (self, args) => (none("isspace", args), isBlank(self)),
  isupper: (self, args) => (none("isupper", args), self === self.toUpperCase() && self !== self.toLowerCase()),
  islower: (self, args) => (none("islower", args), self === self.toLowerCase() && self !== self.toUpperCase()),
  removeprefix: (self, args) =>
    self.startsWith(text("removeprefix", args[0])) ? self.slice(text("removeprefix", args[0]).length) : self,
  removesuffix: (self, args) =>
    self.endsWith(text("removesuffix", args[0])) && args[0] !== ""
      ? self.slice(0, -text("removesuffix", args[0]).length)
      : self,
  partition: (self, args) => new Tuple(partition(self, text("partition", args[0]), "first")),
  rpartition: (self, args) => new Tuple(partition(self, text("rpartition", args[0]), "last")),
};

const listMethods: Readonly<Record<string, Method<readonly Value[]>>> = {
  index(self, args) {
    const [item] = bound("index", ["value"], 1, args, new Map());
    const found = self.findIndex((each) => equals(each, item!));
    if (found === -1) throw new TemplateError("the value is not in the list");
    return BigInt(found);
  },
  count: (self, args) =>
    BigInt(self.filter((each) => equals(each, bound("count", ["value"], 1, args, new Map())[0]!)).length),
};

const dictMethods: Readonly<Record<string, Method<Dict>>> = {
  get(self, args) {
    const [key, otherwise] = bound("get", ["key", "default"], 1, args, new Map());
    return self.get(key!) ?? (self.has(key!) ? null : (otherwise ?? null));
  },
  keys: (self, args) => (
    none("keys", args),
    new DictView(
      "dict_keys",
      self.entries().map(([key]) => key),
    )
  ),
  values: (self, args) => (
    none("values", args),
    new DictView(
      "dict_values",
      self.entries().map(([, value]) => value),
    )
  ),
  items: (self, args) => (
    none("items", args),
    new DictView(
      "dict_items",
      self.entries().map((entry) => new Tuple(entry)),
    )
  ),
  copy: (self, args) => (none("copy", args), new Dict(self.entries())),
};

/** Methods that mutate their object; the sandbox hides them from templates, for which they are undefined. */
const changing = {
  list: ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"],
  dict: ["clear", "pop", "popitem", "setdefault", "update"],
};

/** Other Python methods, which are refused by name. */
const others = {
  str: [
    "casefold",
    "center",
    "encode",
    "expandtabs",
    "format_map",
    "isascii",
    "isdecimal",
    "isidentifier",
    "isnumeric",
    "isprintable",
    "istitle",
    "ljust",
    "maketrans",
    "rjust",
    "translate",
    "zfill",
  ],
  list: ["copy"],
  dict: ["fromkeys"],
  number: [
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "conjugate",
    "denominator",
    "fromhex",
    "hex",
    "imag",
    "is_integer",
    "numerator",
    "real",
    "from_bytes",
    "to_bytes",
  ],
};

/**
 * Returns a method of a value; undefined if Python has none of that name, or hides it from templates.
 *
 * @throws TemplateError for an unsupported Python method
 */
export function methodOf(value: Value, name: string): Callable | undefined {
  if (typeof value === "string") return method(value, name, "str", textMethods, others.str);
  if (Array.isArray(value))
    return changing.list.includes(name)
      ? undefined
      : method<readonly Value[]>(value, name, "list", { ...listMethods, copy: (self) => [...self] }, []);
  if (value instanceof Tuple) return method(value.items, name, "tuple", listMethods, []);
  if (value instanceof Dict)
    return changing.dict.includes(name) ? undefined : method(value, name, "dict", dictMethods, others.dict);
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean")
    return method(value, name, typeName(value), {}, others.number);
  return undefined;
}

function method<Self>(
  self: Self,
  name: string,
  type: string,
  methods: Readonly<Record<string, Method<Self>>>,
  unsupported: readonly string[],
): Callable | undefined {
  if (unsupported.includes(name)) throw new TemplateError(`${type}.${name}, which is not supported`);
  if (!Object.hasOwn(methods, name)) return undefined;
  return new Callable(name, (args, named) => methods[name]!(self, args, named));
}

function none(name: string, args: readonly Value[]): void {
  if (args.length > 0) throw new TemplateError(`${name}() takes no arguments (${args.length} given)`);
}

function text(name: string, value: Value | undefined): string {
  if (typeof value !== "string")
    throw new TemplateError(`${name}() takes a str, not ${value === undefined ? "nothing" : typeName(value)}`);
  return value;
}

function int(name: string, value: Value): number {
  const number = asInt(value);
  if (number === undefined) throw new TemplateError(`${name}() takes an int, not ${typeName(value)}`);
  return Number(number);
}

function characters(name: string, args: readonly Value[]): string | undefined {
  const [given] = bound(name, ["chars"], 0, args, new Map());
  return given === undefined || given === null ? undefined : text(name, given);
}

function splitBy(
  by: typeof split,
  self: string,
  name: string,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Value {
  const [separator, most] = bound(name, ["sep", "maxsplit"], 0, args, named);
  const given = separator === undefined || separator === null ? undefined : text(name, separator);
  if (given === "") throw new TemplateError("empty separator");
  return by(self, given, most === undefined ? -1 : int(name, most));
}

function begins(name: string, args: readonly Value[], test: (part: string) => boolean): boolean {
  const [part] = bound(name, ["prefix"], 1, args, new Map());
  return part instanceof Tuple ? part.items.some((each) => test(text(name, each))) : test(text(name, part));
}

/** Index of a substring, in code points. */
function at(name: string, self: string, args: readonly Value[], which: "first" | "last"): number {
  const part = text(name, bound(name, ["sub"], 1, args, new Map())[0]);
  const found = which === "first" ? self.indexOf(part) : self.lastIndexOf(part);
  return found === -1 ? -1 : Array.from(self.slice(0, found)).length;
}

function foundAt(index: number): bigint {
  if (index === -1) throw new TemplateError("substring not found");
  return BigInt(index);
}

/** `str.format` with fields `{}`, `{0}` and `{name}`, without attributes, conversions and widths. */
function formattedFields(self: string, args: readonly Value[], named: ReadonlyMap<string, Value>): string {
  let next = 0;
  let numbered: boolean | undefined;
  return self.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (found, field: string | undefined) => {
    if (found === "{{" || found === "}}") return found[0]!;
    if (field === undefined) throw new TemplateError(`Single '${found}' encountered in format string`);
    if (/[.[\]!:]/.test(field)) throw new TemplateError(`the format field {${field}}, which is not supported`);
    if (field === "" || /^\d+$/.test(field)) {
      const isNumbered = field !== "";
      if (numbered !== undefined && numbered !== isNumbered)
        throw new TemplateError("cannot switch between automatic and manual field numbering");
      numbered = isNumbered;
    }
    const value =
      field === "" ? args[next++] : numbered && /^\d+$/.test(field) ? args[Number(field)] : named.get(field);
    if (value === undefined) throw new TemplateError(`nothing is given for the format field {${field}}`);
    return str(value);
  });
}

function partition(self: string, separator: string, which: "first" | "last"): string[] {
  if (separator === "") throw new TemplateError("empty separator");
  const found = which === "first" ? self.indexOf(separator) : self.lastIndexOf(separator);
  if (found === -1) return which === "first" ? [self, "", ""] : ["", "", self];
  return [self.slice(0, found), separator, self.slice(found + separator.length)];
}
