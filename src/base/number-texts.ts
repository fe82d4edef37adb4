const texts = new WeakMap<object, Map<string, string>>();

/**
 * Remembers how a number was written, where the JavaScript value beside it does not tell: `22.0`, which Python writes with its
 * point, or an integer of more digits than a number keeps.
 *
 * @param holder the array or object that has it
 */
export function rememberNumberText(holder: object, key: string, text: string): void {
  const own = texts.get(holder) ?? new Map<string, string>();
  texts.set(holder, own.set(key, text));
}

/** How a number was written; undefined if its value tells, or for a holder that is a copy. */
export function numberTextOf(holder: object, key: string): string | undefined {
  return texts.get(holder)?.get(key);
}

/** Gives a copy of an array's or object's fields what is remembered of them. */
export function keepNumberTexts(of: object, copy: object): void {
  const own = texts.get(of);
  if (own) texts.set(copy, own);
}
