import { reported, type TaskOptions } from "../base/task.js";
import { cell } from "../notebook/display.js";

/** Does work that may download from the hub, under a line of the cell that counts megabytes. */
export function withDownload<T>(source: string, load: (work: TaskOptions) => Promise<T>): Promise<T> {
  return reported(`download ${source} (MB)`, cell, ({ onProgress, ...work }) =>
    load({ ...work, onProgress: (done, total) => onProgress?.(Math.floor(done / 1e6), Math.ceil(total / 1e6)) }),
  );
}
