import { basename, relative, sep } from "node:path";
import type { Reporter } from "../base/task.js";
import type { RunFacts, RunIdentity } from "./folder/identity.js";
import { runLayout } from "./folder/layout.js";
import type { RunFolder } from "./folder/run-folder.js";
import type { RunControls } from "./input.js";
import type { LoggedStep } from "./logged-step.js";

/** An optimizer step in the form that trackers receive. */
export interface TrackedStep {
  /** Its row in `metrics.jsonl`, starting at 1 and continuing across the iterations of a run. */
  readonly step: number;
  /** When it was logged, in milliseconds since 1970. */
  readonly time: number;
  /** Figures by name: `train/loss`, `train/rewards/margins`, `eval/loss`, `sft/loss`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The run that a tracker logs. */
export interface TrackedRun {
  /** Unique and readable: the run's folder with a prefix of its digest. */
  readonly name: string;
  /** Identifies the run; the same when it is resumed. */
  readonly digest: string;
  /** Its method, options, model and data. */
  readonly facts: RunFacts;
}

/** How a run ended: it finished, was stopped and can be resumed, or threw an error. */
export type RunEnd = "finished" | "stopped" | "failed";

/** A tracker's connection for one run. */
export interface StepSink {
  /** The last step that the tracker has of the run, 0 if none; only later steps are written. */
  readonly lastStep: number;
  /** Seconds after which {@link write} is called without steps, as a sign of life for trackers that time out. */
  readonly heartbeat?: number;
  /** Writes steps. If it throws, it is called again with the same steps. */
  write(steps: readonly TrackedStep[]): Promise<void>;
  /** Called once, after the last step. */
  end(how: RunEnd): Promise<void>;
}

/** Logs the steps of runs in addition to their `metrics.jsonl`; created by `tensorBoard`, `mlflow` and `wandb`. */
export interface Tracker {
  /** Name in messages. */
  readonly name: string;
  open(run: TrackedRun): Promise<StepSink>;
}

/** A permanent failure: the tracker refused the data. */
export class TrackingRefused extends Error {
  override readonly name = "TrackingRefused";
}

/** Seconds between two writes. */
const interval = 1;
/** Maximum pause after failures, in seconds. */
const longestPause = 60;
/** Seconds to wait for trackers at the end of a run. */
const patience = 30;

/**
 * Sends a run's steps to trackers during training. `metrics.jsonl` stays the source of truth: a tracker first gets the
 * steps that it lacks, and never one twice. A failing tracker is reported once and retried later; the run goes on.
 */
export class Tracking {
  private constructor(
    private readonly feeds: readonly Feed[],
    /** Steps that the run has logged. */
    private count: number,
  ) {}

  /** @param logged the rows of `metrics.jsonl` */
  static begin(
    trackers: readonly Tracker[],
    run: TrackedRun,
    logged: readonly LoggedStep[],
    reporter: Reporter | undefined,
  ): Tracking {
    const time = Date.now();
    const steps = logged.map((row, i) => ({ step: i + 1, time, metrics: trackedMetrics(row) }));
    return new Tracking(
      trackers.map((tracker) => new Feed(tracker, run, steps, (text) => reporter?.note?.(text))),
      steps.length,
    );
  }

  /** Adds the next row of `metrics.jsonl`. */
  add(row: LoggedStep): void {
    const step = { step: ++this.count, time: Date.now(), metrics: trackedMetrics(row) };
    for (const feed of this.feeds) feed.add(step);
  }

  /** Sends the remaining steps; waits at most {@link patience} seconds. */
  async end(how: RunEnd): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.end(how)));
  }
}

/**
 * Runs `work` with its steps sent to the trackers of `controls`: those already logged, and those that the work logs.
 *
 * @throws InputError if `metrics.jsonl` is damaged; and any error of the work
 */
export async function tracked<T>(
  folder: RunFolder,
  identity: RunIdentity,
  controls: RunControls,
  work: (controls: RunControls) => Promise<T>,
): Promise<T> {
  const { trackers = [], reporter, signal, onStep } = controls;
  if (trackers.length === 0) return work(controls);
  const tracking = Tracking.begin(
    trackers,
    trackedRun(folder.path, identity),
    await folder.readRowsIfPresent(runLayout.metrics),
    reporter,
  );
  const add = (step: LoggedStep) => {
    tracking.add(step);
    onStep?.(step);
  };
  try {
    const result = await work({ ...controls, onStep: add });
    await tracking.end("finished");
    return result;
  } catch (error) {
    await tracking.end(signal?.aborted ? "stopped" : "failed");
    throw error;
  }
}

/** The queue of steps for one tracker. */
class Feed {
  private readonly waiting: TrackedStep[];
  private sink: StepSink | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> = Promise.resolve();
  private failures = 0;
  private isTold = false;
  /** No more retries are scheduled: {@link end} makes the last attempt itself. */
  private isEnding = false;
  private isOver = false;

  constructor(
    private readonly tracker: Tracker,
    private readonly run: TrackedRun,
    steps: readonly TrackedStep[],
    private readonly note: (text: string) => void,
  ) {
    this.waiting = [...steps];
    this.plan(0);
  }

  add(step: TrackedStep): void {
    if (this.isOver) return;
    this.waiting.push(step);
    // After a failure, the next attempt is already scheduled.
    if (this.failures === 0 && this.waiting.length === 1) this.plan(interval);
  }

  async end(how: RunEnd): Promise<void> {
    this.isEnding = true;
    clearTimeout(this.timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.fail(new Error(`no answer within ${patience} s of the run's end`));
        resolve();
      }, patience * 1000);
    });
    await Promise.race([this.sendLast(how), late]);
    clearTimeout(timer);
    this.isOver = true;
  }

  private async sendLast(how: RunEnd): Promise<void> {
    await this.sending;
    if (this.isOver) return;
    try {
      await this.send();
      await this.sink!.end(how);
    } catch (error) {
      this.fail(error);
    }
  }

  private plan(seconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.sending = this.sendPlanned()), seconds * 1000).unref();
  }

  private async sendPlanned(): Promise<void> {
    try {
      await this.send();
      this.failures = 0;
    } catch (error) {
      this.failures++;
      this.fail(error);
    }
    if (this.isOver || this.isEnding) return;
    if (this.failures > 0) this.plan(Math.min(longestPause, 2 ** this.failures));
    else if (this.waiting.length > 0) this.plan(interval);
    else if (this.sink?.heartbeat !== undefined) this.plan(this.sink.heartbeat);
  }

  private async send(): Promise<void> {
    this.sink ??= await this.tracker.open(this.run);
    const { lastStep } = this.sink;
    const count = this.waiting.length;
    await this.sink.write(this.waiting.slice(0, count).filter(({ step }) => step > lastStep));
    this.waiting.splice(0, count);
  }

  private fail(error: unknown): void {
    if (error instanceof TrackingRefused) this.isOver = true;
    if (this.isTold) return;
    this.isTold = true;
    const what = error instanceof Error ? error.message : String(error);
    this.note(
      `${this.tracker.name}: ${what}; the run goes on, and metrics.jsonl has every step. What is missing there is sent when the run is resumed or read again`,
    );
  }
}

/** Returns a name for the run in a folder: `mine-0a1b2c3d`, `compared/dpo/seed-1-0a1b2c3d`. */
function trackedRun(folder: string, { digest, facts }: RunIdentity): TrackedRun {
  const inside = relative(process.cwd(), folder).split(sep);
  const parts = inside[0] === ".." ? [basename(folder)] : inside[0] === "runs" ? inside.slice(1) : inside;
  const path = parts.join("/") || basename(process.cwd());
  const own = digest.slice(0, 8);
  return { name: path.includes(own) ? path : `${path}-${own}`, digest, facts };
}

/**
 * Returns the metrics of a step under the names that transformers uses for trackers: `train/loss`, and `eval/loss` for
 * `eval_loss`.
 */
function trackedMetrics({ phase, step: _, ...metrics }: LoggedStep): Record<string, number> {
  const group = phase === "sft" ? "sft" : "train";
  const named = Object.entries(metrics).map(
    ([name, value]) =>
      [name.startsWith("eval_") ? `eval/${name.slice("eval_".length)}` : `${group}/${name}`, value] as const,
  );
  return Object.fromEntries(
    named.filter((entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1])),
  );
}
