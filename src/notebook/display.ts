import type { Reporter } from "../base/task.js";
import { InputError } from "../base/errors.js";
import { bundleOf } from "./bundle.js";
import { cellReporter } from "./cell-reporter.js";
import { host } from "./host.js";

/** Options of {@link display}. */
export interface DisplayOptions {
  /** Id of the output. */
  readonly id?: string;
  /** Whether to update the outputs with this id, in any cell, instead of adding one. */
  readonly update?: boolean;
}

/**
 * Shows a value now, as the last expression of a cell would be. Outside a kernel its text is printed.
 *
 * @throws InputError where `update` is given without an `id`
 * @example
 * await display(showPair(pair), { id: "newest" });
 * await display(showPair(next), { id: "newest", update: true });
 */
export async function display(value: unknown, { id, update = false }: DisplayOptions = {}): Promise<void> {
  if (update && id === undefined) throw new InputError("display: update needs the id of the output to change");
  const bundle = await bundleOf(value);
  const kernel = host();
  if (kernel) kernel.show(bundle, id, update);
  else console.log(bundle["text/plain"] ?? `(${Object.keys(bundle).join(", ")})`);
}

const never = new AbortController().signal;

/**
 * What long work in a cell takes: it shows how far it is, and stops when the cell is interrupted.
 *
 * @example await sera(input, { ...options, signal: cell.signal, reporter: cell.reporter });
 */
export const cell = {
  /** Aborted when the running cell is interrupted; never outside a kernel. */
  get signal(): AbortSignal {
    return host()?.signal ?? never;
  },
  /** See {@link cellReporter}. */
  get reporter(): Reporter {
    return cellReporter();
  },
};
