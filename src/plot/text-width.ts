/** Advance widths in em, about those of the common sans-serifs (Helvetica, Segoe UI, Roboto). */
const widths: readonly (readonly [RegExp, number])[] = [
  [/[ijl.,:;'|!]/, 0.24],
  [/[ frtI()[\]{}\-/"]/, 0.33],
  [/[mwMW%@]/, 0.86],
  [/[A-Z&]/, 0.68],
  [/[\u1100-\u{10ffff}]/u, 1],
];
const otherWidth = 0.56;

/**
 * Width of a text mark where there is no canvas to measure it, in pixels.
 *
 * @param item the mark, of which the size of the font matters (Vega's default is 11 px)
 * @param text what is to be written
 */
export function textWidth(item: { readonly fontSize?: number }, text: unknown): number {
  const em = [...String(text ?? "")].reduce((sum, character) => sum + widthOf(character), 0);
  return em * (item.fontSize ?? 11);
}

function widthOf(character: string): number {
  return widths.find(([pattern]) => pattern.test(character))?.[1] ?? otherWidth;
}
