import type { Content } from "../wire/message.js";

/*
 * The protocol counts a cursor's position in code points, TypeScript in UTF-16 units: they differ
 * after a character such as 😀, which is one of the former and two of the latter.
 */

/** The UTF-16 offset of a position in code points; one beyond the end is the end. */
export function toUtf16(text: string, codePoints: number): number {
  let offset = 0;
  for (let count = 0; count < codePoints && offset < text.length; count++)
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  return offset;
}

/** The position in code points of a UTF-16 offset. */
export function toCodePoints(text: string, utf16: number): number {
  let count = 0;
  for (let offset = 0; offset < Math.min(utf16, text.length); count++)
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  return count;
}

/** A completion's content with the positions in UTF-16 offsets of `code` as the protocol has them. */
export function completionInCodePoints(code: string, content: Content): Content {
  const converted = positionsInCodePoints(code, content, ["cursor_start", "cursor_end"]);
  if (!isObject(content.metadata)) return converted;
  // Front ends read what each match is from lists such as `_jupyter_types_experimental`.
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
