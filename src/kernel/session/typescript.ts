import { createRequire } from "node:module";
import type ts from "typescript-for-cells";

/** Objects already prepared in a session started from a snapshot; see `../snapshot/prepare.cts`. */
interface Prepared {
  readonly compiler: typeof ts;
  readonly documents: ts.DocumentRegistry;
}

const { [Symbol.for("sera-lab.compiler")]: prepared } = globalThis as { readonly [key: symbol]: Prepared | undefined };

/**
 * The compiler of cells. It differs from the one that builds this package, whose native version has no JavaScript API;
 * its separate package name keeps it apart from a TypeScript in the notebook's folder.
 */
export const compiler: typeof ts = prepared?.compiler ?? createRequire(import.meta.url)("typescript-for-cells");

/** Files parsed by the compiler. */
export const documents: ts.DocumentRegistry = prepared?.documents ?? compiler.createDocumentRegistry();
