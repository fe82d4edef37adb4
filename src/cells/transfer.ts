import { reported, type TaskControls, type TaskOptions } from "../base/task.js";
import { cell } from "../notebook/display.js";

/** Runs work that may download from the hub, under a progress line in megabytes, by default the cell's. */
export function withDownload<T>(
  source: string,
  load: (work: TaskOptions) => Promise<T>,
  controls: TaskControls = cell,
): Promise<T> {
  return inMegabytes(`download ${source}`, load, controls);
}

/** The same for work that uploads to the hub. */
export function withUpload<T>(
  name: string,
  upload: (work: TaskOptions) => Promise<T>,
  controls: TaskControls,
): Promise<T> {
  return inMegabytes(`upload ${name}`, upload, controls);
}

function inMegabytes<T>(
  label: string,
  transfer: (work: TaskOptions) => Promise<T>,
  controls: TaskControls,
): Promise<T> {
  return reported(label, "MB", controls, ({ onProgress, ...work }) =>
    transfer({ ...work, onProgress: (done, total) => onProgress?.(Math.floor(done / 1e6), Math.ceil(total / 1e6)) }),
  );
}
