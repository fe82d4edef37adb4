import { inspect } from "node:util";
import { InputError } from "../base/errors.js";
import { displaySymbol, type Displayable, type MimeBundle } from "../base/mime.js";
import { isSpecification, plotBundle } from "./plot-bundle.js";
import { showTable } from "./table/show-table.js";
import { isTable } from "./table/source.js";

/**
 * Returns the MIME bundle that displays a value in a cell. An object with a {@link displaySymbol} method provides its
 * own bundle; Arquero tables, danfojs frames, Vega or Vega-Lite specifications and image bytes are rendered; anything
 * else is formatted as in Node's console, with the middle of a long text omitted. Bytes in a bundle are sent as base64.
 *
 * @throws InputError if the object's method returns no bundle; and whatever that method throws
 */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  if (is(value, isDisplayable)) return ownBundle(value);
  if (is(value, isTable)) return ownBundle(showTable(value));
  if (is(value, isSpecification)) return plotBundle(value);
  const text = { "text/plain": shortened(textOf(value)) };
  const image = imageType(value);
  return image ? { ...withTexts({ [image]: value }), ...text } : text;
}

function textOf(value: unknown): string {
  if (is(value, isManyPairs)) {
    const [first] = value;
    return `${value.length.toLocaleString("en-US")} preference pairs, which showPairs shows side by side\nfirst: ${inspect(first)}`;
  }
  const text = inspect(value, { depth: 4, maxArrayLength: 100, breakLength: 100 });
  const isPending = value instanceof Promise && /^Promise \{\s*<pending>/.test(text);
  return isPending ? "Promise { <pending> }: still running; await it for its value" : text;
}

/** Whether a value is a list of too many preference pairs to read at once. */
function isManyPairs(value: unknown): value is readonly object[] {
  const isPair = (item: unknown) =>
    typeof item === "object" &&
    item !== null &&
    ["id", "prompt", "chosen", "rejected"].every((name) => Object.hasOwn(item, name));
  return Array.isArray(value) && value.length > mostPairs && value.every(isPair);
}

/** Maximum number of pairs shown whole. */
const mostPairs = 3;

/** Maximum number of characters shown of a value's text, and how many of these come from its end. */
const mostCharacters = 20_000;
const lastCharacters = 2_000;

/** Cuts the middle of a long text, noting how much was omitted. */
function shortened(text: string): string {
  if (text.length <= mostCharacters) return text;
  const head = text.slice(0, mostCharacters - lastCharacters);
  const tail = text.slice(-lastCharacters);
  const left = text.length - mostCharacters;
  return `${head}\n… ${left.toLocaleString("en-US")} characters left out …\n${tail}`;
}

/** First bytes of each image type, in hex. */
const signatures = { "image/png": "89504e470d0a1a0a", "image/jpeg": "ffd8ff", "image/gif": "47494638" };

/** Converts bytes in a bundle, which messages cannot carry, to base64 text. */
function withTexts(bundle: MimeBundle): MimeBundle {
  const text = (content: unknown) =>
    content instanceof Uint8Array ? Buffer.from(content).toString("base64") : content;
  return Object.fromEntries(Object.entries(bundle).map(([type, content]) => [type, text(content)]));
}

/** The media type of image bytes. */
export function imageType(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const start = Buffer.from(value.subarray(0, 8)).toString("hex");
  return Object.entries(signatures).find(([, signature]) => start.startsWith(signature))?.[0];
}

/** Whether a value passes a test for a kind to render; false if a proxy or getter throws during the test. */
function is<Kind>(value: unknown, test: (value: unknown) => value is Kind): value is Kind {
  try {
    return test(value);
  } catch (error) {
    if (isInterrupt(error)) throw error;
    return false;
  }
}

function isInterrupt(error: unknown): boolean {
  return error instanceof Error && error.name === "Interrupted";
}

function isDisplayable(value: unknown): value is Displayable {
  const holds = (typeof value === "object" && value !== null) || typeof value === "function";
  return holds && typeof (value as Partial<Displayable>)[displaySymbol] === "function";
}

async function ownBundle(value: Displayable): Promise<MimeBundle> {
  const bundle: unknown = await value[displaySymbol]();
  if (typeof bundle === "object" && bundle !== null && !Array.isArray(bundle)) return withTexts(bundle as MimeBundle);
  const expected = 'an object of contents by media type, such as { "text/plain": "…" }';
  throw new InputError(`${String(displaySymbol)}: found ${inspect(bundle, { depth: 0 })}, expected ${expected}`);
}
