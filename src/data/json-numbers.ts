import { rememberNumberText } from "../base/number-texts.js";

/** A string, or a number as JSON and Python write it. */
const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|(?<!\w)(?:NaN|-?Infinity)\b/g;

/** Matches a text that may contain a number for which {@link isTold} is false; most do not. */
const suspect = /\d{16}|NaN|Infinity|\d\.0+(?!\d)|\d[eE][+-]?\d/;

/** Key of the placeholder for such a number until the text is parsed. No key in data begins with it. */
const mark = "\u0000number";

/**
 * Whether a JavaScript number preserves everything in the number's text. False for integers that it would round, for
 * floats without a fraction (which Python distinguishes from integers), and for NaN and infinities.
 */
function isTold(text: string): boolean {
  const value = Number(text);
  return isInteger(text) ? isKept(text) : Number.isFinite(value) && !Number.isInteger(value);
}

const isInteger = (text: string) => /^-?\d+$/.test(text);

/** Whether a JavaScript number keeps all digits of an integer. */
const isKept = (text: string) => Number.isSafeInteger(Number(text)) || String(Number(text)) === text;

/** The placeholder of a number in a value, for {@link restoreNumbers}; the number itself if it loses nothing. */
export function markedNumber(text: string): number | { readonly [mark]: string } {
  return isTold(text) ? Number(text) : { [mark]: text };
}

/**
 * Parses JSON as it occurs in data: NaN and infinities, which Python writes, become numbers; integers that a number
 * would round become text with their digits, as from Parquet. Remembers the original text of these and of floats
 * without a fraction, see `numberTextOf`.
 *
 * @param parse parses standard JSON
 * @throws SyntaxError if the text is not JSON
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

/** Replaces placeholders with their numbers, or with the digits of integers that a number would round. */
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
    // Assigning to __proto__ would set the prototype.
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
