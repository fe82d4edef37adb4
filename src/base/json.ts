/** Maximum nesting depth of arrays and objects: the limit of Rust's serde_json, and far more than data or settings need. */
export const deepestJson = 128;

/**
 * Maximum number of values in one text. Parsed, they take a few hundred megabytes; the largest `tokenizer.json` has
 * three million.
 */
export const mostJsonValues = 10_000_000;

/** Error for JSON that nests too deeply or has too many values. */
export class JsonLimitError extends SyntaxError {
  override readonly name = "JsonLimitError";
}

/**
 * Parses untrusted JSON. Text that nests too deeply for recursive code, or that would exhaust memory, is rejected
 * before parsing.
 *
 * @throws SyntaxError for text that is not JSON; JsonLimitError, a subclass, as {@link checkJsonBounds}
 */
export function parseForeignJson(text: string): unknown {
  checkJsonBounds(text);
  return JSON.parse(text) as unknown;
}

/**
 * Checks JSON without parsing it.
 *
 * @throws JsonLimitError for text that nests deeper than {@link deepestJson}, or that has more than {@link mostJsonValues}
 *   values
 */
export function checkJsonBounds(text: string): void {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = endOfString(text, at);
        break;
      case "[":
      case "{":
        if (++depth > deepestJson) throw new JsonLimitError(`nested more than ${deepestJson} levels deep`);
        values++;
        break;
      case "]":
      case "}":
        depth--;
        break;
      case ",":
        values++;
        break;
    }
    if (values > mostJsonValues) throw new JsonLimitError(`more than ${mostJsonValues} values`);
  }
}

/** End of the string that begins at `start` in a JSON text: its closing quote, or the end of the text. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (text[before - 1] === "\\") before--;
    if ((quote - before) % 2 === 0) return quote;
  }
  return text.length;
}
