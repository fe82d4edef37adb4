/** Markup that is inserted into a page without escaping. */
export class Html {
  constructor(readonly markup: string) {}
}

type Content = Html | string | number | null | undefined | readonly Content[];

/**
 * HTML template tag: interpolated values are escaped for use as element text or quoted attributes, unless they are
 * {@link Html}. Arrays are joined; null and undefined are omitted.
 *
 * @example html`<p title="${name}">${items.map((item) => html`<b>${item}</b>`)}</p>`
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(strings.map((string, at) => string + (at < contents.length ? markupOf(contents[at]) : "")).join(""));
}

function markupOf(content: Content): string {
  if (content == null) return "";
  if (content instanceof Html) return content.markup;
  return typeof content === "object" ? content.map(markupOf).join("") : escape(String(content));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
