import type { MimeBundle } from "../base/mime.js";

/** What a kernel offers to the code of its cells. */
export interface Host {
  /** Aborted when the cell that asks for it is interrupted. */
  readonly signal: AbortSignal;
  /**
   * Shows a bundle below the cell that asks for it.
   *
   * @param id a name for the output
   * @param update whether to change the output that has this name instead of adding one
   */
  show(bundle: MimeBundle, id?: string, update?: boolean): void;
}

/** Least time between two drawings of an output that changes, in seconds; each is a message to the front end. */
export const redrawEvery = 0.2;

/** A name rather than an import, because a notebook may have a copy of this library that is not its kernel's. */
const key = Symbol.for("sera-lab.host");
const place = globalThis as { [key]?: Host };

/** The kernel that runs this code, or undefined outside one. */
export function host(): Host | undefined {
  return place[key];
}

/** Called by a kernel, once, before its first cell. */
export function offerHost(offered: Host): void {
  place[key] = offered;
}
