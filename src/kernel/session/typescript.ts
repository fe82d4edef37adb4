import { createRequire } from "node:module";
import type ts from "typescript-for-cells";

/** What a session that was started from a snapshot finds ready; see `../snapshot/prepare.cts`. */
interface Prepared {
  readonly compiler: typeof ts;
  readonly documents: ts.DocumentRegistry;
}

const { [Symbol.for("sera-lab.compiler")]: prepared } = globalThis as { readonly [key: symbol]: Prepared | undefined };

/**
 * The compiler of cells. It is not the one that builds this package, whose native version has no
 * interface in JavaScript; and a name of its own keeps it apart from one that a notebook's folder has.
 */
export const compiler: typeof ts = prepared?.compiler ?? createRequire(import.meta.url)("typescript-for-cells");

/** The files that the compiler has parsed. */
export const documents: ts.DocumentRegistry = prepared?.documents ?? compiler.createDocumentRegistry();
