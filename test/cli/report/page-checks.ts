import assert from "node:assert/strict";

/** Checks that a page runs nothing, fetches nothing, and contains none of the data as markup. */
export function standsAlone(page: string): void {
  assert.match(page, /^<!doctype html>/);
  for (const tag of page.match(/<[a-z][^>]*>/gi) ?? []) {
    assert.doesNotMatch(tag, /^<(script|img|iframe|link|object|embed|base|form)\b/i);
    assert.doesNotMatch(tag, /\s(src|srcset|href|xlink:href|action|on\w+)\s*=/i);
  }
  assert.doesNotMatch(page, /url\(|@import/i);
  assert.match(page, /default-src 'none'/);
  assert.match(page, /prefers-color-scheme: dark/);
  assert.doesNotMatch(page, /undefined|NaN|\[object/);
}

/** The page as text: no style, no pictures, no tags. */
export function textOf(page: string): string {
  return page
    .replace(/<(style|svg)\b.*?<\/\1>/gs, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
}

/** How many pictures a page has. */
export function pictures(page: string): number {
  return page.match(/<svg\b/g)?.length ?? 0;
}
