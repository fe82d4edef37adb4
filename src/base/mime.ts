/** One thing in several forms, by media type; a front end shows the richest that it knows. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/**
 * The name of the method by which an object shows itself in a notebook: it returns a
 * {@link MimeBundle}, or the promise of one. The convention is that of Deno's Jupyter kernel.
 */
export const displaySymbol: unique symbol = Symbol.for("Jupyter.display") as never;

/** An object that shows itself. */
export interface Displayable {
  [displaySymbol](): MimeBundle | Promise<MimeBundle>;
}
