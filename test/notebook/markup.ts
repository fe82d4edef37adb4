import assert from "node:assert/strict";

const tags =
  /<\/?(div|form|section|table|thead|tbody|tr|th|td|br|small|span|label|input|i|u|b)( (style|title|class|method|hidden|type|name)="[^"<>]*"| checked)*>/g;

/** Checks that a page has no markup but that of cells: nothing in the data became an element or an attribute. */
export function onlyOurMarkup(markup: unknown): void {
  assert.equal(typeof markup, "string");
  const text = (markup as string).replace(/<style>[^<]*<\/style>/g, "").replace(tags, "");
  assert.doesNotMatch(text, /[<>"]/, markup as string);
}

/** What is read of a page: its text without the markup. */
export function textOf(markup: unknown): string {
  return (markup as string).replace(/<style>[^<]*<\/style>/g, "").replace(/<[^>]*>/g, "");
}
