import { StringDecoder } from "node:string_decoder";
import type { MimeBundle } from "../../base/mime.js";
import type { FromSession } from "../session-protocol.js";
import { cells, type Cell } from "./cell.js";

/** Tells the front; what is said after the front has gone is lost with it. */
export function tell(message: FromSession): void {
  if (process.connected) process.send!(message);
}

/** What is written without a cell (by a timer of native code, say) goes to the newest. */
let newest: Cell | undefined;

export function setNewest(cell: Cell): void {
  newest = cell;
}

export function speakingCell(): Cell | undefined {
  return cells.getStore() ?? newest;
}

/** Shows a bundle under the cell that asks for it. */
export function show(bundle: MimeBundle, id?: string, update = false): void {
  const cell = speakingCell();
  if (!cell || cell.isSilent) return;
  tell({ type: "display", cell: cell.number, bundle, update, ...(id !== undefined && { id }) });
}

/** Writes text under a cell. */
export function write(cell: Cell | undefined, name: "stdout" | "stderr", text: string): void {
  if (!cell || cell.isSilent || text === "") return;
  tell({ type: "stream", cell: cell.number, name, text });
}

/** Leads what is written to stdout and stderr to the cell that writes it, at once. */
export function captureOutput(): void {
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new StringDecoder("utf8");
    type Done = (error?: Error | null) => void;
    process[name].write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done) => {
      const text = typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
      write(speakingCell(), name, text);
      const called = typeof encoding === "function" ? encoding : done;
      if (called) process.nextTick(called);
      return true;
    };
  }
}
