/** Arrays and objects within each other: as many as Rust's serde_json reads, and far more than data or settings have. */
export const deepestJson = 128;

/** Values in one text. Parsed, they take some hundred megabytes; the largest `tokenizer.json` has three million. */
export const mostJsonValues = 10_000_000;

/** JSON that nests too deep or has too many values. */
export class JsonLimitError extends SyntaxError {
  override readonly name = "JsonLimitError";
}

/**
 * Parses JSON that may come from anyone. Text that is nested too deep for recursive code, or that would fill the memory
 * when parsed, is refused before it is parsed.
 *
 * @throws SyntaxError for text that is not JSON; JsonLimitError, which is one, as {@link checkJsonBounds}
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

/** Where the string in a JSON text that begins at `start` ends: its closing quote, or the end of the text. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (text[before - 1] === "\\") before--;
    if ((quote - before) % 2 === 0) return quote;
  }
  return text.length;
}
