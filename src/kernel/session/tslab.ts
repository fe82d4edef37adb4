import { sep } from "node:path";
import type { MimeBundle } from "../../base/mime.js";
import { show } from "./output.js";

interface Displays {
  lastWriteDisplayData: unknown;
}

const file = ["", "tslab", "dist", "jupyter.js"].join(sep);

/**
 * Redirects the output of tslab's own `display` to the cell, once a cell imports tslab; not earlier, because tslab
 * loads its own compiler.
 *
 * @param path path of the module just loaded
 */
export function adoptTslab(path: string, exports: unknown): void {
  if (!path.endsWith(file)) return;
  (exports as Displays).lastWriteDisplayData = (
    { data, transient }: { data: MimeBundle; transient: { display_id?: string } },
    update: boolean,
  ) => show(data, transient.display_id, update);
}
