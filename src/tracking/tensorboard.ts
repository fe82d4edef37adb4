import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { InputError, quote } from "../base/errors.js";
import type { StepSink, TrackedRun, Tracker } from "../run/tracking.js";
import { readEvents, stepRecord, versionRecord } from "./event-file.js";

/**
 * Writes each step of a run to a TensorBoard event file, in a folder named after the run. A resumed run appends to its
 * file. `tensorboard --logdir <folder>` shows all runs in it.
 *
 * @param folder log folder, created if missing
 * @example const run = await sera(policy, pairs, { beta: 2, track: tensorBoard("logs") });
 * @throws InputError if `folder` is not a path
 */
export function tensorBoard(folder: string): Tracker {
  if (typeof folder !== "string" || folder === "")
    throw new InputError(`tensorBoard: found ${quote(folder)}, expected the path of a folder`);
  return { name: "TensorBoard", open: (run) => openEventFile(folder, run) };
}

async function openEventFile(folder: string, { name, digest }: TrackedRun): Promise<StepSink> {
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  // TensorBoard recognizes event files by "tfevents" in the name; a fixed name per run lets a resumed run find its
  // file.
  const file = await open(join(place, `events.out.tfevents.${digest.slice(0, 16)}.sera`), "a+");
  const { bytes, lastStep } = readEvents(await file.readFile());
  await file.truncate(bytes);
  if (bytes === 0) await file.appendFile(versionRecord(Date.now()));
  return {
    lastStep,
    async write(steps) {
      const { size } = await file.stat();
      try {
        await file.appendFile(Buffer.concat(steps.map(stepRecord)));
      } catch (error) {
        // The same steps are written again, and must not follow their own partial records.
        await file.truncate(size);
        throw error;
      }
    },
    end: () => file.close(),
  };
}
