import { sep } from "node:path";
import type { MimeBundle } from "../../base/mime.js";
import { show } from "./output.js";

interface Displays {
  lastWriteDisplayData: unknown;
}

const file = ["", "tslab", "dist", "jupyter.js"].join(sep);

/**
 * Leads what tslab's own `display` shows to the cell, when a cell imports tslab: not before, because
 * it loads a compiler of its own.
 *
 * @param path of a module that has just been loaded
 */
export function adoptTslab(path: string, exports: unknown): void {
  if (!path.endsWith(file)) return;
  (exports as Displays).lastWriteDisplayData = (
    { data, transient }: { data: MimeBundle; transient: { display_id?: string } },
    update: boolean,
  ) => show(data, transient.display_id, update);
}
