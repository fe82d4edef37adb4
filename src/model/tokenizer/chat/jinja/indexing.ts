import {
  asInt,
  Dict,
  DictView,
  Generator,
  itemsOf,
  Range,
  TemplateError,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

/** `value[key]`; undefined if there is no such item, or the value is not indexable. */
export function itemOf(value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) return isHashable(key) ? value.get(key) : undefined;
  const items = sequence(value);
  const index = asInt(key);
  if (items === undefined || index === undefined) return undefined;
  return items[Number(index < 0n ? index + BigInt(items.length) : index)];
}

function isHashable(key: Value): boolean {
  return !(Array.isArray(key) || key instanceof Dict) && !(key instanceof Tuple && !key.items.every(isHashable));
}

/** `value[start:stop:step]`. */
export function sliceOf(value: Value, parts: readonly (Value | undefined)[]): Value | undefined {
  const items = sequence(value);
  if (items === undefined) {
    if (value instanceof Undefined) throw new TemplateError(`${value.what} is undefined`);
    return undefined;
  }
  const [start, stop, step = 1n] = parts.map((part) => {
    if (part === undefined || part === null) return undefined;
    const index = asInt(part);
    if (index === undefined)
      throw new TemplateError("slice indices must be integers or None or have an __index__ method");
    return index;
  });
  if (step === 0n) throw new TemplateError("slice step cannot be zero");
  const length = BigInt(items.length);
  const [least, most] = step > 0n ? [0n, length] : [-1n, length - 1n];
  const within = (index: bigint | undefined, otherwise: bigint) => {
    if (index === undefined) return otherwise;
    const at = index < 0n ? index + length : index;
    return at < least ? least : at > most ? most : at;
  };
  const [from, to] =
    step > 0n ? [within(start, least), within(stop, most)] : [within(start, most), within(stop, least)];
  const found: Value[] = [];
  for (let at = from; step > 0n ? at < to : at > to; at += step) found.push(items[Number(at)]!);
  if (typeof value === "string") return found.join("");
  if (value instanceof Range) throw new TemplateError("a slice of a range, which is not supported");
  return Array.isArray(value) ? found : new Tuple(found);
}

function sequence(value: Value): readonly Value[] | undefined {
  if (typeof value === "string") return Array.from(value);
  if (Array.isArray(value)) return value;
  return value instanceof Tuple || value instanceof Range ? value.items : undefined;
}

/** Python's `reversed`. */
export function reversed(value: Value): readonly Value[] {
  const items =
    value instanceof Generator || value instanceof Dict || value instanceof DictView || value instanceof Undefined
      ? itemsOf(value)
      : sequence(value);
  if (items === undefined) throw new TemplateError(`argument must be iterable, and not ${typeName(value)}`);
  return [...items].reverse();
}
