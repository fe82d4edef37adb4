const texts = new WeakMap<object, Map<string, string>>();

/**
 * Remembers the original text of a number that its JavaScript value does not preserve: `22.0`, which Python writes with
 * its decimal point, or an integer with too many digits for a number.
 *
 * @param holder the array or object that contains it
 */
export function rememberNumberText(holder: object, key: string, text: string): void {
  const own = texts.get(holder) ?? new Map<string, string>();
  texts.set(holder, own.set(key, text));
}

/** The original text of a number; undefined if its value preserves it, or if `holder` is a copy. */
export function numberTextOf(holder: object, key: string): string | undefined {
  return texts.get(holder)?.get(key);
}

/** Copies the remembered texts of an array's or object's fields to its copy. */
export function keepNumberTexts(of: object, copy: object): void {
  const own = texts.get(of);
  if (own) texts.set(copy, own);
}
