/** Representations of a value by media type; a front end shows the richest one that it supports. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/**
 * The method by which an object displays itself in a notebook: it returns a {@link MimeBundle}, or a promise of one. This
 * is the convention of Deno's Jupyter kernel.
 */
export const displaySymbol: unique symbol = Symbol.for("Jupyter.display") as never;

/** An object that displays itself in a notebook. */
export interface Displayable {
  [displaySymbol](): MimeBundle | Promise<MimeBundle>;
}
