import type { CellError } from "../session-protocol.js";

/** How a process ended: exactly one of the two is set. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a session's process ended. */
export interface SessionEnd extends Exit {
  /** The last output of native code to stderr. */
  readonly stderr: string;
}

/** The exit code or the signal of an ended process, in words. */
export function describeExit({ code, signal }: Exit): string {
  return signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
}

/** The error for a session that ended while a cell ran: why, what is lost, and what to do. */
export function errorOfEnd(end: SessionEnd): CellError {
  const [ename, why, advice] = reason(end);
  const evalue = `${why}. All variables are gone; a new session has been started. Run the cells again from the top${advice}.`;
  return { ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

function reason(end: SessionEnd): [ename: string, why: string, advice: string] {
  if (/heap out of memory/.test(end.stderr)) {
    const advice =
      ", with a smaller batch, or start Jupyter with a larger heap: NODE_OPTIONS=--max-old-space-size=8192 (in megabytes)";
    return ["OutOfMemoryError", "The session's JavaScript heap is full", advice];
  }
  if (/std::bad_alloc/.test(end.stderr)) {
    return [
      "OutOfMemoryError",
      `The session ${describeExit(end)} because memory ran out`,
      ", with a smaller batch or model",
    ];
  }
  if (end.signal === "SIGKILL") {
    const why = "The session was ended by SIGKILL, probably by the system because memory ran out";
    return ["OutOfMemoryError", why, ", with a smaller batch or model"];
  }
  return ["SessionEnded", `The session ${describeExit(end)}`, ""];
}
