import { numberTextOf } from "../../../../base/number-texts.js";

/**
 * The values of a template, mapped from Python: None is null, an int is a bigint, a float a number, a text a string and a list an
 * array.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Value[]
  | Undefined
  | Tuple
  | Dict
  | DictView
  | Range
  | Generator
  | Namespace
  | Markup
  | Callable
  | Loop;

/** An error that Python's Jinja raises, or a refusal because the behaviour would differ from Python's. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

/** An undefined name or attribute. It is empty and false; any other use is an error. */
export class Undefined {
  constructor(readonly what: string) {}
}

export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

/** A mapping in the order of its keys; 1, 1.0 and true are the same key. */
export class Dict {
  private readonly entriesByKey = new Map<string, readonly [Value, Value]>();

  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.entriesByKey.size;
  }

  get(key: Value): Value | undefined {
    return this.entriesByKey.get(hashKey(key))?.[1];
  }

  has(key: Value): boolean {
    return this.entriesByKey.has(hashKey(key));
  }

  set(key: Value, value: Value): void {
    const hash = hashKey(key);
    this.entriesByKey.set(hash, [this.entriesByKey.get(hash)?.[0] ?? key, value]);
  }

  entries(): (readonly [Value, Value])[] {
    return [...this.entriesByKey.values()];
  }
}

/** The result of a dict's `keys()`, `values()` or `items()`. */
export class DictView {
  constructor(
    readonly kind: "dict_keys" | "dict_values" | "dict_items",
    readonly items: readonly Value[],
  ) {}
}

export class Range {
  readonly items: readonly bigint[];

  constructor(
    readonly start: bigint,
    readonly stop: bigint,
    readonly step: bigint,
    most: number,
  ) {
    if (step === 0n) throw new TemplateError("a range by steps of 0");
    const away = step > 0n ? stop - start : start - stop;
    const size = step > 0n ? step : -step;
    const count = away <= 0n ? 0n : (away + size - 1n) / size;
    if (count > BigInt(most)) throw new TemplateError(`a range of ${count} items, where ${most} are the most`);
    this.items = Array.from({ length: Number(count) }, (_, i) => start + BigInt(i) * step);
  }
}

/** Items that can be iterated once; always true, even if empty. */
export class Generator {
  private left: readonly Value[] | undefined;

  constructor(items: readonly Value[]) {
    this.left = items;
  }

  take(): readonly Value[] {
    const items = this.left ?? [];
    this.left = [];
    return items;
  }
}

/** The result of `namespace()`: the only object whose attributes a template may set. */
export class Namespace {
  readonly attributes = new Map<string, Value>();
}

/** A text marked as safe: text joined to it is escaped. */
export class Markup {
  constructor(readonly text: string) {}
}

/** A function, method or macro. */
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly Value[], named: ReadonlyMap<string, Value>) => Value,
  ) {}
}

/** The variable `loop`. */
export class Loop {
  changedTo: Value[] | undefined;

  constructor(
    readonly items: readonly Value[],
    readonly depth: number,
    public index = 0,
  ) {}
}

/** Python's name of a value's type. */
export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "float";
    case "string":
      return "str";
  }
  if (Array.isArray(value)) return "list";
  if (value instanceof Tuple) return "tuple";
  if (value instanceof Dict) return "dict";
  if (value instanceof DictView) return value.kind;
  return value.constructor.name === "Range" ? "range" : value.constructor.name;
}

/** A string that distinguishes keys of a dict. @throws TemplateError for a value that Python does not hash */
export function hashKey(value: Value): string {
  if (value instanceof Tuple)
    return `(${value.items
      .map(hashKey)
      .map((key) => `${key.length}:${key}`)
      .join()})`;
  if (typeof value === "string") return `s${value}`;
  if (value === null) return "None";
  if (typeof value === "boolean" || typeof value === "bigint" || typeof value === "number") {
    const number = asNumber(value)!;
    return `n${typeof number === "number" && Number.isInteger(number) ? BigInt(number) : number}`;
  }
  if (value instanceof Undefined) return "undefined";
  if (value instanceof Range) return `r${value.items.join()}`;
  const isUnhashable =
    Array.isArray(value) || value instanceof Dict || (value instanceof DictView && value.kind !== "dict_values");
  if (isUnhashable) throw new TemplateError(`unhashable type: '${typeName(value)}'`);
  return `o${identityOf(value)}`;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** A unique number for each object. */
function identityOf(object: object): number {
  if (!identities.has(object)) identities.set(object, ++lastIdentity);
  return identities.get(object)!;
}

/** An int or a float; a bool is an int. Undefined for everything else. */
export function asNumber(value: Value): bigint | number | undefined {
  if (typeof value === "bigint" || typeof value === "number") return value;
  return typeof value === "boolean" ? BigInt(value) : undefined;
}

/** An int; a bool is one. */
export function asInt(value: Value): bigint | undefined {
  const number = asNumber(value);
  return typeof number === "bigint" ? number : undefined;
}

export function isTrue(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value !== "object") return Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Tuple || value instanceof Range || value instanceof DictView) return value.items.length > 0;
  if (value instanceof Dict) return value.size > 0;
  return value instanceof Markup ? value.text !== "" : true;
}

/** The items that a loop iterates over: characters of a text, keys of a dict. @throws TemplateError if it is not iterable */
export function itemsOf(value: Value): readonly Value[] {
  if (typeof value === "string") return Array.from(value);
  if (value instanceof Markup) return Array.from(value.text);
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple || value instanceof Range || value instanceof DictView) return value.items;
  if (value instanceof Dict) return value.entries().map(([key]) => key);
  if (value instanceof Generator) return value.take();
  if (value instanceof Undefined) return [];
  throw new TemplateError(`'${typeName(value)}' object is not iterable`);
}

/** Python's `len`. */
export function lengthOf(value: Value): number {
  if (value instanceof Generator || value === null || typeof value === "bigint")
    throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
  if (value instanceof Dict) return value.size;
  if (value instanceof Loop) return value.items.length;
  if (typeof value !== "string" && !(typeof value === "object"))
    throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
  return itemsOf(value).length;
}

/** Python's `==`. */
export function equals(a: Value, b: Value): boolean {
  if (a instanceof Markup) return equals(a.text, b);
  if (b instanceof Markup) return equals(a, b.text);
  if (a instanceof Undefined || b instanceof Undefined) return a instanceof Undefined && b instanceof Undefined;
  const [x, y] = [asNumber(a), asNumber(b)];
  if (x !== undefined && y !== undefined) return x == y;
  if (Array.isArray(a) && Array.isArray(b)) return sameItems(a, b);
  if (a instanceof Tuple && b instanceof Tuple) return sameItems(a.items, b.items);
  if (a instanceof Range && b instanceof Range) return sameItems(a.items, b.items);
  if (a instanceof DictView && b instanceof DictView && a.kind === b.kind && a.kind !== "dict_values") {
    return a.items.length === b.items.length && a.items.every((item) => b.items.some((other) => equals(item, other)));
  }
  if (a instanceof Dict && b instanceof Dict) {
    return a.size === b.size && a.entries().every(([key, value]) => b.has(key) && equals(value, b.get(key)!));
  }
  return a === b;
}

function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i] || equals(item, b[i]!));
}

/**
 * Converts a JSON value to a template value: numbers become floats or ints as they were written, or, if that is unknown, ints
 * unless they have a fraction.
 */
export function valueOf(json: unknown): Value {
  if (json === null || typeof json === "boolean" || typeof json === "string" || typeof json === "bigint") return json;
  if (typeof json === "number") return Number.isInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) return json.map((item, index) => itemValue(json, String(index), item));
  if (typeof json === "object") {
    return new Dict(
      Object.entries(json).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, itemValue(json, key, value)] as const],
      ),
    );
  }
  throw new TemplateError(`a value of type ${typeof json}`);
}

function itemValue(holder: object, key: string, item: unknown): Value {
  const text = numberTextOf(holder, key);
  if (text === undefined) return valueOf(item);
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
}
