import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { html } from "../../src/base/html.js";

it("html escapes text but not markup, and omits null and undefined", () => {
  const inner = html`<b>${"<i>"}</b>`;
  assert.equal(
    html`<p>${inner}${null}${undefined}${3}${["a & b", inner]}</p>`.markup,
    "<p><b>&lt;i&gt;</b>3a &amp; b<b>&lt;i&gt;</b></p>",
  );
});

it("html lets no text break out of an element or a quoted attribute", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const { markup } = html`<p title="${text}">${text}</p>`;
      const escaped = /^<p title="([^<>"']*)">([^<>"']*)<\/p>$/s.exec(markup);
      assert.ok(escaped, markup);
      assert.equal(unescape(escaped[2]!), text);
    }),
  );
});

function unescape(text: string): string {
  const characters: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => characters[name]!);
}
