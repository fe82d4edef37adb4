import { inspect } from "node:util";

/** Maximum characters of a cell's text. */
const cellLength = 60;
/** Maximum characters of the full text behind a truncated cell; more would bloat the page. */
const fullLength = 500;
/** Maximum number of list elements read. */
const listLength = 50;

/** A text for a cell, and the longer text if it was truncated. */
export interface Shortened {
  readonly text: string;
  readonly full?: string;
}

/** Puts a text on one line, truncated to the width of a cell. */
export function shortened(text: string): Shortened {
  const line = oneLine(text.slice(0, fullLength));
  const characters = [...line];
  if (characters.length <= cellLength && text.length <= fullLength) return { text: line };
  return {
    text: `${characters.slice(0, cellLength - 1).join("")}…`,
    full: text.length > fullLength ? `${text.slice(0, fullLength)}…` : text,
  };
}

/** Lists and objects as JSON if it can represent them; NaN, bigints and circular references as Node shows them. */
export function jsonText(value: object): string {
  const shown = isList(value) ? Array.from(value).slice(0, listLength) : value;
  try {
    const text = JSON.stringify(shown, (_, part: unknown) => {
      if (typeof part === "number" && !Number.isFinite(part)) return String(part);
      return typeof part === "bigint" ? String(part) : part;
    });
    if (text !== undefined) return isList(value) && value.length > listLength ? `${text.slice(0, -1)},…]` : text;
  } catch {
    // JSON cannot represent circular references; Node's format can.
  }
  return inspect(value, { breakLength: Infinity, depth: 2 });
}

/** Whether a value is an array or a typed array. */
export function isList(value: unknown): value is ArrayLike<unknown> & Iterable<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** Replaces line ends by a mark, and other control characters, which a terminal would execute, by their control pictures. */
function oneLine(text: string): string {
  return text
    .replace(/\s*\r?\n\s*/g, " ↵ ")
    .replace(/\t/g, " ")
    .replace(/[\u0000-\u001f]/g, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
    .replace(/[\u007f-\u009f]/g, "␡");
}
