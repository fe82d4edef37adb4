import type { Content } from "../wire/message.js";

/*
 * The protocol counts a cursor's position in code points, TypeScript in UTF-16 units: they differ after a character
 * such as 😀, which is one code point but two UTF-16 units.
 */

/** Converts a position in code points to a UTF-16 offset, at most the end of the text. */
export function toUtf16(text: string, codePoints: number): number {
  let offset = 0;
  for (let count = 0; count < codePoints && offset < text.length; count++)
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  return offset;
}

/** Converts a UTF-16 offset to a position in code points. */
export function toCodePoints(text: string, utf16: number): number {
  let count = 0;
  for (let offset = 0; offset < Math.min(utf16, text.length); count++)
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  return count;
}

/** Converts the positions in a completion's content from UTF-16 offsets of `code` to code points, as in the protocol. */
export function completionInCodePoints(code: string, content: Content): Content {
  const converted = positionsInCodePoints(code, content, ["cursor_start", "cursor_end"]);
  if (!isObject(content.metadata)) return converted;
  // Front ends read the kind of each match from lists such as `_jupyter_types_experimental`.
  const metadata = Object.entries(content.metadata).map(([name, list]) => [
    name,
    Array.isArray(list)
      ? list.map((entry) => (isObject(entry) ? positionsInCodePoints(code, entry, ["start", "end"]) : entry))
      : list,
  ]);
  return { ...converted, metadata: Object.fromEntries(metadata) };
}

function positionsInCodePoints(code: string, content: Content, fields: readonly string[]): Content {
  const positions = fields.filter((field) => typeof content[field] === "number");
  return {
    ...content,
    ...Object.fromEntries(positions.map((field) => [field, toCodePoints(code, content[field] as number)])),
  };
}

function isObject(value: unknown): value is Content {
  return typeof value === "object" && value !== null;
}
