/** Python's white space, which is not quite JavaScript's. */
const space = "[\\p{White_Space}\\x1c-\\x1f]";

/**
 * What templates do with a text and the library does not as Python does: it takes other characters for white space,
 * takes away white space where other characters are named, counts code units, and leaves capitals inside a word.
 */
export const textFunctions: Readonly<Record<string, (text: string, ...given: unknown[]) => string | number>> = {
  strip: (text, characters) => rightStripped(leftStripped(text, characters), characters),
  trim: (text, characters) => rightStripped(leftStripped(text, characters), characters),
  lstrip: leftStripped,
  rstrip: rightStripped,
  length: (text) => Array.from(text).length,
  count: (text) => Array.from(text).length,
  capitalize: (text) => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase(),
};

function leftStripped(text: string, characters: unknown): string {
  return text.replace(new RegExp(`^${classOf(characters)}+`, "u"), "");
}

function rightStripped(text: string, characters: unknown): string {
  const one = classOf(characters);
  return text.replace(new RegExp(`(?<!${one})${one}+$`, "u"), "");
}

/** An expression for one of the characters, or for one white space. */
function classOf(characters: unknown): string {
  if (characters === undefined || characters === null) return space;
  const escaped = Array.from(String(characters), (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
  return `[${escaped.join("")}]`;
}
