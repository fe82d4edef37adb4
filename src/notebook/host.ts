import type { MimeBundle } from "../base/mime.js";

/** Services that a kernel provides to the code of its cells. */
export interface Host {
  /** Aborted when the cell that reads it is interrupted. */
  readonly signal: AbortSignal;
  /**
   * Shows a bundle below the calling cell.
   *
   * @param id a name for the output
   * @param update whether to update the output with this name instead of adding one
   */
  show(bundle: MimeBundle, id?: string, update?: boolean): void;
}

/** Minimum time between two updates of an output, in seconds; each is a message to the front end. */
export const redrawEvery = 0.2;

/** A global symbol rather than an import, because the notebook's copy of this library may not be its kernel's. */
const key = Symbol.for("sera-lab.host");
const place = globalThis as { [key]?: Host };

/** The kernel that runs this code, or undefined outside one. */
export function host(): Host | undefined {
  return place[key];
}

/** Registers the kernel; called once, before its first cell. */
export function offerHost(offered: Host): void {
  place[key] = offered;
}
