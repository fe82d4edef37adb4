import { createRequire } from "node:module";
import type typescript from "typescript-for-cells";

/**
 * The compiler of cells. It is not the one that builds this package, whose native version has no
 * interface in JavaScript; and a name of its own keeps it apart from one that a notebook's folder has.
 */
export const compiler: typeof typescript = createRequire(import.meta.url)("typescript-for-cells");
