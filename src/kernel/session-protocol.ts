/*
 * Messages between the kernel's two processes. The front owns the sockets and always runs; the session runs the cells,
 * and may hang, run out of memory or end.
 */

/** From the front to the session. */
export type ToSession =
  /** Runs a cell. `cell` identifies this request in the session's messages; it increases by one with each request. */
  | {
      readonly type: "execute";
      readonly cell: number;
      readonly count: number;
      readonly code: string;
      readonly expressions: Expressions;
    }
  /** Stops the running cell, if there is one. */
  | { readonly type: "interrupt" }
  /** The user's reply to the oldest `input`; undefined if the front end does not support input. */
  | { readonly type: "input"; readonly value: string | undefined }
  | { readonly type: "ask"; readonly id: number; readonly question: Question };

/** Questions that can be answered while a cell runs; positions are UTF-16 offsets into the code, as in TypeScript. */
export type Question =
  | { readonly kind: "complete" | "inspect"; readonly code: string; readonly position: number }
  | { readonly kind: "is_complete"; readonly code: string };

/** From the session to the front. */
export type FromSession =
  | { readonly type: "ready"; readonly typescript: string }
  | { readonly type: "stream"; readonly cell: number; readonly name: "stdout" | "stderr"; readonly text: string }
  | {
      readonly type: "display";
      readonly cell: number;
      readonly bundle: Bundle;
      readonly id?: string;
      readonly update: boolean;
    }
  /** Asks the user for a line of text. */
  | { readonly type: "input"; readonly cell: number; readonly prompt: string }
  /** The value of the cell's last expression. */
  | { readonly type: "result"; readonly cell: number; readonly bundle: Bundle }
  /** The cell has ended; no further reply is expected. */
  | { readonly type: "done"; readonly cell: number; readonly error?: CellError; readonly values?: Values }
  /** `content` is the content of the protocol's reply, with cursor positions as UTF-16 offsets. */
  | { readonly type: "answer"; readonly id: number; readonly content: Readonly<Record<string, unknown>> };

type Bundle = Readonly<Record<string, unknown>>;

/** Expressions to evaluate after a cell has run, by names that the front end chooses. */
export type Expressions = Readonly<Record<string, string>>;

/** Results of {@link Expressions}, in the form of the protocol's `user_expressions`. */
export type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Why a cell failed, in the form of the protocol's `error`. */
export interface CellError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}
