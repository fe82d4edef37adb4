import { reported, type TaskControls, type TaskOptions } from "../base/task.js";
import { cell } from "../notebook/display.js";

/** Does work that may download from the hub, under a line that counts megabytes: by default one of the cell. */
export function withDownload<T>(source: string, load: (work: TaskOptions) => Promise<T>, controls: TaskControls = cell): Promise<T> {
  return reported(`download ${source} (MB)`, controls, ({ onProgress, ...work }) =>
    load({ ...work, onProgress: (done, total) => onProgress?.(Math.floor(done / 1e6), Math.ceil(total / 1e6)) }),
  );
}
