import { floatText } from "./print.js";
import { asInt, Dict, TemplateError, Tuple, typeName, type Value } from "./values.js";

/** Formatting of `tojson`, as configured by transformers. */
export interface JsonStyle {
  readonly ensureAscii: boolean;
  /** Indentation per level; undefined for one line. */
  readonly indent: string | undefined;
  readonly separators: readonly [string, string];
  readonly sortKeys: boolean;
}

/** Python's `json.dumps`. @throws TemplateError for a value that JSON cannot represent */
export function jsonText(value: Value, style: JsonStyle, level = 0): string {
  const atom = jsonAtom(value, style);
  if (atom !== undefined) return atom;
  if (Array.isArray(value))
    return bracketed(
      "[",
      "]",
      value.map((item) => jsonText(item, style, level + 1)),
      style,
      level,
    );
  if (value instanceof Tuple) return jsonText([...value.items], style, level);
  if (!(value instanceof Dict)) throw new TemplateError(`Object of type ${typeName(value)} is not JSON serializable`);
  const entries = value.entries().map(([key, item]) => [keyText(key), item] as const);
  if (style.sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const fields = entries.map(
    ([key, item]) => `${stringText(key, style)}${style.separators[1]}${jsonText(item, style, level + 1)}`,
  );
  return bracketed("{", "}", fields, style, level);
}

function jsonAtom(value: Value, style: JsonStyle): string | undefined {
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number")
    return Number.isFinite(value)
      ? floatText(value)
      : Number.isNaN(value)
        ? "NaN"
        : value > 0
          ? "Infinity"
          : "-Infinity";
  return typeof value === "string" ? stringText(value, style) : undefined;
}

function keyText(key: Value): string {
  if (typeof key === "string") return key;
  if (key === null || typeof key === "boolean" || typeof key === "number" || asInt(key) !== undefined)
    return jsonAtom(key, { ensureAscii: false, indent: undefined, separators: [", ", ": "], sortKeys: false })!;
  throw new TemplateError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function stringText(text: string, { ensureAscii }: JsonStyle): string {
  const json = JSON.stringify(text);
  return ensureAscii
    ? json.replace(/[\x7f-\uffff]/g, (each) =>
        each === "\x7f" ? each : `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
    : json;
}

function bracketed(
  open: string,
  close: string,
  parts: readonly string[],
  { indent, separators }: JsonStyle,
  level: number,
): string {
  if (parts.length === 0) return open + close;
  if (indent === undefined) return `${open}${parts.join(separators[0])}${close}`;
  const line = `\n${indent.repeat(level + 1)}`;
  return `${open}${line}${parts.join(`${separators[0]}${line}`)}\n${indent.repeat(level)}${close}`;
}
