import { StringDecoder } from "node:string_decoder";
import type { MimeBundle } from "../../base/mime.js";
import type { FromSession } from "../session-protocol.js";
import { cells, type Cell } from "./cell.js";

/** Sends a message to the front; after the front has ended, the message is lost. */
export function tell(message: FromSession): void {
  if (process.connected) process.send!(message);
}

/** The newest cell, which receives output without a cell (for example from a native timer). */
let newest: Cell | undefined;

export function setNewest(cell: Cell): void {
  newest = cell;
}

export function speakingCell(): Cell | undefined {
  return cells.getStore() ?? newest;
}

/** Shows a bundle below the calling cell. */
export function show(bundle: MimeBundle, id?: string, update = false): void {
  const cell = speakingCell();
  if (!cell || cell.isSilent) return;
  tell({ type: "display", cell: cell.number, bundle, update, ...(id !== undefined && { id }) });
}

/** Writes text below a cell. */
export function write(cell: Cell | undefined, name: "stdout" | "stderr", text: string): void {
  if (!cell || cell.isSilent || text === "") return;
  tell({ type: "stream", cell: cell.number, name, text });
}

/** Redirects output to stdout and stderr to the cell that writes it, immediately. */
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
