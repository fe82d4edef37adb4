import { rememberNumberText } from "../base/number-texts.js";

/** A string, or a number as JSON and Python write it. */
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|(?<!\w)(?:NaN|-?Infinity)\b/g;

/** Whether a text may hold a number that {@link isTold} is false of; most do not. */
const suspect = /\d{16}|NaN|Infinity|\d\.0+(?!\d)|\d[eE][+-]?\d/;

/** What stands for such a number until the text is parsed. No key in data begins with it. */
const mark = "\u0000number";

/**
 * Whether a number's text says no more than the JavaScript number: not of integers that it rounds, of floats without a
 * fraction, which Python tells from integers, and of NaN and infinities.
 */
function isTold(text: string): boolean {
  const value = Number(text);
  return isInteger(text) ? isKept(text) : Number.isFinite(value) && !Number.isInteger(value);
}

const isInteger = (text: string) => /^-?\d+$/.test(text);

/** Whether a number keeps all digits of an integer. */
const isKept = (text: string) => Number.isSafeInteger(Number(text)) || String(Number(text)) === text;

/** What stands for a number in a value, for {@link restoreNumbers}; the number itself where it says everything. */
export function markedNumber(text: string): number | { readonly [mark]: string } {
  return isTold(text) ? Number(text) : { [mark]: text };
}

/**
 * Parses JSON as data has it: NaN and infinities, which Python writes, are numbers; integers that a number would round become
 * text with their digits, as they do from Parquet. How these and floats without a fraction were written is remembered, see
 * `numberTextOf`.
 *
 * @param parse text that is JSON
 * @throws SyntaxError where it is not JSON
 */
export function parseWithNumbers(text: string, parse: (text: string) => unknown): unknown {
  if (!suspect.test(text)) return parse(text);
  let hasMarks = false;
  const plain = text.replace(token, (found) => {
    if (found[0] === '"' || isTold(found)) return found;
    hasMarks = true;
    return `{"\\u0000number":"${found}"}`;
  });
  const value = parse(plain);
  return hasMarks ? restoreNumbers(value) : value;
}

/** Puts numbers, or the digits of integers that a number would round, in the place of their marks. */
export function restoreNumbers(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const text = markedText(value);
  if (text !== undefined) return plainNumber(text);
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== "object" || item === null || ArrayBuffer.isView(item)) continue;
    const written = markedText(item);
    if (written === undefined) {
      restoreNumbers(item);
      continue;
    }
    // An assignment to __proto__ would do something else.
    Object.defineProperty(value, key, {
      value: plainNumber(written),
      configurable: true,
      enumerable: true,
      writable: true,
    });
    rememberNumberText(value, key, written);
  }
  return value;
}

function markedText(value: object): string | undefined {
  const text = (value as Record<string, unknown>)[mark];
  return typeof text === "string" ? text : undefined;
}

function plainNumber(text: string): number | string {
  return isInteger(text) && !isKept(text) ? text : Number(text);
}
