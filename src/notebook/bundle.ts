import { inspect } from "node:util";
import { InputError } from "../base/errors.js";
import { displaySymbol, type Displayable, type MimeBundle } from "../base/mime.js";
import { isSpecification, plotBundle } from "./plot-bundle.js";
import { showTable } from "./table/show-table.js";
import { isTable } from "./table/source.js";

/**
 * The MIME bundle that displays a value in a cell. An object with a {@link displaySymbol} method provides its own; Arquero
 * tables, danfojs frames, Vega or Vega-Lite specifications and the bytes of images are drawn; anything else is formatted
 * as Node's console does.
 *
 * @throws InputError if the object's method returns no bundle; and whatever that method throws
 */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  if (isDisplayable(value)) return ownBundle(value);
  if (isTable(value)) return ownBundle(showTable(value));
  if (isSpecification(value)) return plotBundle(value);
  const text = inspect(value, { depth: 4, maxArrayLength: 100, breakLength: 100 });
  const image = imageType(value);
  return image ? { [image]: Buffer.from(value as Uint8Array).toString("base64"), "text/plain": text } : { "text/plain": text };
}

/** How the bytes of each kind of image begin. */
const signatures = { "image/png": "89504e470d0a1a0a", "image/jpeg": "ffd8ff", "image/gif": "47494638" };

/** The media type of bytes that are an image. */
function imageType(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const start = Buffer.from(value.subarray(0, 8)).toString("hex");
  return Object.entries(signatures).find(([, signature]) => start.startsWith(signature))?.[0];
}

function isDisplayable(value: unknown): value is Displayable {
  const holds = (typeof value === "object" && value !== null) || typeof value === "function";
  return holds && typeof (value as Partial<Displayable>)[displaySymbol] === "function";
}

async function ownBundle(value: Displayable): Promise<MimeBundle> {
  const bundle: unknown = await value[displaySymbol]();
  if (typeof bundle === "object" && bundle !== null && !Array.isArray(bundle)) return bundle as MimeBundle;
  const expected = 'an object of contents by media type, such as { "text/plain": "…" }';
  throw new InputError(`${String(displaySymbol)}: found ${inspect(bundle, { depth: 0 })}, expected ${expected}`);
}
