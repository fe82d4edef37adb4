import { inspect } from "node:util";
import type { Reporter } from "../base/task.js";
import { InputError } from "../base/errors.js";
import { displaySymbol, type Displayable, type MimeBundle } from "../base/mime.js";
import { enclosingReporter } from "../base/nested-phases.js";
import { bundleOf, imageType } from "./bundle.js";
import { cellReporter } from "./cell-reporter.js";
import { host } from "./host.js";

/** Options of {@link display}. */
export interface DisplayOptions {
  /** Id of the output. */
  readonly id?: string;
  /** Whether to update the outputs with this id, in any cell, instead of adding one. */
  readonly update?: boolean;
}

/** Shows values and texts while a cell runs. Outside a kernel, prints their text. */
export interface Display {
  /**
   * Shows a value now, as the last expression of a cell would be.
   *
   * @throws InputError if `update` is given without an `id`
   * @example
   * await display(showPair(pair), { id: "newest" });
   * await display(showPair(next), { id: "newest", update: true });
   */
  (value: unknown, options?: DisplayOptions): Promise<void>;
  /** Shows HTML. */
  html(markup: string, options?: DisplayOptions): Promise<void>;
  /** Shows Markdown. */
  markdown(text: string, options?: DisplayOptions): Promise<void>;
  /** Shows a formula, with its delimiters: `"$\\beta$"`. */
  latex(formula: string, options?: DisplayOptions): Promise<void>;
  /** Shows an object or array as a tree whose branches can be opened. */
  json(value: unknown, options?: DisplayOptions): Promise<void>;
  /** Shows an SVG drawing. */
  svg(markup: string, options?: DisplayOptions): Promise<void>;
  /**
   * Shows the bytes of a PNG, JPEG or GIF image.
   *
   * @throws InputError if the bytes are not such an image
   */
  image(bytes: Uint8Array, options?: DisplayOptions): Promise<void>;
}

/** See {@link Display}. */
export const display: Display = Object.assign(show, {
  html: written("text/html"),
  markdown: written("text/markdown"),
  latex: written("text/latex"),
  svg: written("image/svg+xml"),
  json: (value: unknown, options?: DisplayOptions) =>
    show(asBundle({ "application/json": value, "text/plain": inspect(value) }), options),
  image: (bytes: Uint8Array, options?: DisplayOptions) => {
    if (!imageType(bytes)) throw new InputError("display.image: the bytes are no PNG, JPEG or GIF image");
    return show(bytes, options);
  },
});

function written(type: string): (text: string, options?: DisplayOptions) => Promise<void> {
  return (text, options) => show(asBundle({ [type]: text, "text/plain": text }), options);
}

function asBundle(bundle: MimeBundle): Displayable {
  return { [displaySymbol]: () => bundle };
}

async function show(value: unknown, { id, update = false }: DisplayOptions = {}): Promise<void> {
  if (update && id === undefined) throw new InputError("display: update needs the id of the output to change");
  const bundle = await bundleOf(value);
  const kernel = host();
  if (kernel) kernel.show(bundle, id, update);
  else console.log(bundle["text/plain"] ?? `(${Object.keys(bundle).join(", ")})`);
}

const never = new AbortController().signal;

/**
 * Progress and cancellation for long work in a cell: shows progress, and stops when the cell is interrupted.
 *
 * @example await sera(input, { ...options, signal: cell.signal, reporter: cell.reporter });
 */
export const cell = {
  /** Aborted when the running cell is interrupted; never outside a kernel. */
  get signal(): AbortSignal {
    return host()?.signal ?? never;
  },
  /** See {@link cellReporter}; within a phase, such as the evaluation of a run, the reporter of its line. */
  get reporter(): Reporter {
    return enclosingReporter() ?? cellReporter();
  },
};
