/*
 * What the kernel's two processes tell each other. The front owns the sockets and is always there;
 * the session runs the cells, and may be stuck, run out of memory or end.
 */

/** From the front to the session. */
export type ToSession =
  /** Runs a cell. `cell` names this request in all that the session says of it; it grows by one with each. */
  | {
      readonly type: "execute";
      readonly cell: number;
      readonly count: number;
      readonly code: string;
      readonly expressions: Expressions;
    }
  /** Stops the running cell, if there is one. */
  | { readonly type: "interrupt" }
  /** The user's reply to the oldest `input`; no value if the front end does not support input. */
  | { readonly type: "input"; readonly value: string | undefined }
  | { readonly type: "ask"; readonly id: number; readonly question: Question };

/** What is answered beside a running cell; positions are UTF-16 offsets into the code, as TypeScript counts. */
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
  /** The cell has ended; nothing more is awaited of it. */
  | { readonly type: "done"; readonly cell: number; readonly error?: CellError; readonly values?: Values }
  /** `content` is that of the protocol's reply, cursor positions in UTF-16 offsets. */
  | { readonly type: "answer"; readonly id: number; readonly content: Readonly<Record<string, unknown>> };

type Bundle = Readonly<Record<string, unknown>>;

/** What a front end wants to know when a cell has run, by names of its own. */
export type Expressions = Readonly<Record<string, string>>;

/** What {@link Expressions} came to, as the protocol's `user_expressions` have it. */
export type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Why a cell failed, as the protocol's `error` has it. */
export interface CellError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}
