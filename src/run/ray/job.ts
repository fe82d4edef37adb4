import { setTimeout } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { InputError } from "../../base/errors.js";
import type { Jobs, JobStatus } from "./jobs.js";

/** Seconds between polls of a job; the first ones follow quickly, for short jobs. */
const shortestLook = 0.1;
const longestLook = 1;
/** Seconds to wait for a job to end after a stop request; Ray kills it after three. */
const longestStop = 30;
/** Log lines shown in an error. */
const shownLines = 20;

const hasEnded = (status: JobStatus) => status !== "PENDING" && status !== "RUNNING";

/**
 * Runs a command on the cluster and returns when it has succeeded. If a job of this name is still running, for example
 * from an earlier process, it waits for that job instead.
 *
 * @param name of the job; attempts are numbered
 * @param onLook called between polls of the job, and once more when it has succeeded
 * @throws InputError with the job's last log lines if it failed; the signal's reason if it was aborted, after the job
 *   has ended
 */
export async function runJob(
  jobs: Jobs,
  name: string,
  entrypoint: string,
  signal: AbortSignal | undefined,
  onLook: () => Promise<void> = async () => {},
): Promise<void> {
  signal?.throwIfAborted();
  const id = await begin(jobs, name, entrypoint);
  for (let look = shortestLook; ; look = Math.min(longestLook, 1.5 * look)) {
    if (signal?.aborted) {
      await stop(jobs, id);
      signal.throwIfAborted();
    }
    const { status, message } = await jobs.details(id);
    await onLook();
    if (status === "SUCCEEDED") return;
    if (hasEnded(status)) throw await failure(jobs, id, status, message ?? "");
    await setTimeout(1000 * look, undefined, signal && { signal }).catch(() => {});
  }
}

async function begin(jobs: Jobs, name: string, entrypoint: string): Promise<string> {
  const attempts = [...(await jobs.list())].filter(([id]) => id.startsWith(`${name}-`));
  const running = attempts.find(([, status]) => !hasEnded(status));
  if (running) return running[0];
  const id = `${name}-${attempts.length + 1}`;
  await jobs.submit(id, entrypoint);
  return id;
}

async function stop(jobs: Jobs, id: string): Promise<void> {
  await jobs.stop(id);
  const until = performance.now() + 1000 * longestStop;
  while (performance.now() < until && !hasEnded((await jobs.details(id)).status)) await setTimeout(200);
}

async function failure(jobs: Jobs, id: string, status: JobStatus, message: string): Promise<InputError> {
  // A job lost with the head has left no log.
  const log = stripVTControlCharacters(await jobs.logs(id).catch(() => ""));
  const lines = log
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-shownLines);
  const how = status === "STOPPED" ? "was stopped" : "failed";
  // Ray's message ends with the log, whose last lines are shown below anyway.
  const why = message.split("\n")[0]!.replace(/, last available logs.*/, "");
  const hint = /No module named '?sera_cluster/.test(log)
    ? ["install what it needs on the cluster: pip install ./cluster, from the folder of sera-lab"]
    : [];
  return new InputError(
    [`${jobs.origin}: the job ${id} ${how}: ${why}`, ...lines.map((line) => `  ${line}`), ...hint].join("\n"),
  );
}
