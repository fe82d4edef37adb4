/** A string, or a token outside strings that JSON.parse would round or refuse: a long integer, NaN or an infinity. */
const token = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])|(?<![\w.])(?:NaN|-?Infinity)\b/g;

/** Whether a text may hold such a token; most do not. */
const suspect = /\d{16}|NaN|Infinity/;

/** What stands for a number that JSON does not have until the text is parsed. No key in data begins with it. */
const mark = "\u0000number";

/**
 * Parses JSON as data has it: integers that a number would round become text with their digits, as they do from Parquet, and
 * NaN and infinities, which Python writes, are numbers.
 *
 * @param parse text that is JSON
 * @throws SyntaxError where it is not JSON
 */
export function parseWithNumbers(text: string, parse: (text: string) => unknown): unknown {
  if (!suspect.test(text)) return parse(text);
  let hasMarks = false;
  const plain = text.replace(token, (found, at: number) => {
    if (found[0] === '"') return found;
    if (/\d/.test(found)) return String(Number(found)) === found || /[\d.]/.test(text[at - 1] ?? "") ? found : `"${found}"`;
    hasMarks = true;
    return `{"\\u0000number":"${found}"}`;
  });
  const value = parse(plain);
  return hasMarks ? restored(value) : value;
}

function restored(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(restored);
  if (mark in value) return Number(value[mark]);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, restored(field)]));
}
