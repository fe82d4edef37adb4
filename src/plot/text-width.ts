/** Approximate advance widths in em of common sans-serif fonts (Helvetica, Segoe UI, Roboto). */
const widths: readonly (readonly [RegExp, number])[] = [
  [/[ijl.,:;'|!]/, 0.24],
  [/[ frtI()[\]{}\-/"]/, 0.33],
  [/[mwMW%@]/, 0.86],
  [/[A-Z&]/, 0.68],
  [/[\u1100-\u{10ffff}]/u, 1],
];
const otherWidth = 0.56;

/** Maximum factor by which fonts exceed the widths above: DejaVu Sans, the usual font on Linux, is a fifth wider. */
const slack = 1.2;

/** Wraps a text to a width in pixels, at the default font size; single words may be wider. */
export function linesOf(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : undefined;
    if (longer !== undefined && widestText({}, longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/**
 * Estimates the width of a text mark in pixels, without a canvas.
 *
 * @param item the mark, for its font size (Vega's default is 11 px)
 */
export function textWidth(item: { readonly fontSize?: number }, text: unknown): number {
  const em = [...String(text ?? "")].reduce((sum, character) => sum + widthOf(character), 0);
  return em * (item.fontSize ?? 11);
}

/** Upper bound of a text mark's width, in the widest font that may draw it, so that a layout based on it never cuts text. */
export function widestText(item: { readonly fontSize?: number }, text: unknown): number {
  return slack * textWidth(item, text);
}

function widthOf(character: string): number {
  return widths.find(([pattern]) => pattern.test(character))?.[1] ?? otherWidth;
}
