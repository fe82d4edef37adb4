import assert from "node:assert/strict";

const tags =
  /<\/?(div|form|section|table|thead|tbody|tr|th|td|br|small|span|label|input|i|u|b)( (style|title|class|method|hidden|type|name)="[^"<>]*"| checked)*>/g;

/** Checks that a page contains only the markup of cells: nothing in the data became an element or an attribute. */
export function onlyOurMarkup(markup: unknown): void {
  assert.equal(typeof markup, "string");
  const text = (markup as string).replace(/<style>[^<]*<\/style>/g, "").replace(tags, "");
  assert.doesNotMatch(text, /[<>"]/, markup as string);
}

/** Returns the text of a page without its markup. */
export function textOf(markup: unknown): string {
  return (markup as string).replace(/<style>[^<]*<\/style>/g, "").replace(/<[^>]*>/g, "");
}
