import { basename, relative, sep } from "node:path";
import type { Reporter } from "../base/task.js";
import type { RunFacts, RunIdentity } from "./folder/identity.js";
import { runLayout } from "./folder/layout.js";
import type { RunFolder } from "./folder/run-folder.js";
import type { RunControls } from "./input.js";
import type { LoggedStep } from "./logged-step.js";

/** An optimizer step as a tracker gets it. */
export interface TrackedStep {
  /** Its row in `metrics.jsonl`, from 1: the steps of all iterations of a run, counted through. */
  readonly step: number;
  /** When it was logged, in milliseconds since 1970. */
  readonly time: number;
  /** Figures by name: `train/loss`, `train/rewards/margins`, `eval/loss`, `sft/loss`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The run that a tracker is told of. */
export interface TrackedRun {
  /** Unique, and readable: the run's folder, with the beginning of its digest. */
  readonly name: string;
  /** Tells the run from every other; the same when it is resumed. */
  readonly digest: string;
  /** Its method, options, model and data. */
  readonly facts: RunFacts;
}

/** How a run left off: it has ended, was stopped and can be resumed, or threw an error. */
export type RunEnd = "finished" | "stopped" | "failed";

/** A run at a tracker. */
export interface StepSink {
  /** The last step that the tracker has of the run, 0 where it has none: later ones are written, and no others. */
  readonly lastStep: number;
  /** Seconds after which {@link write} is called without steps, so that a tracker that waits sees that the run is alive. */
  readonly heartbeat?: number;
  /** Writes steps. Called again with the same ones where it throws. */
  write(steps: readonly TrackedStep[]): Promise<void>;
  /** Called once, after the last step. */
  end(how: RunEnd): Promise<void>;
}

/** Where the steps of runs are shown besides their `metrics.jsonl`; `tensorBoard`, `mlflow` and `wandb` make one. */
export interface Tracker {
  /** As messages call it. */
  readonly name: string;
  open(run: TrackedRun): Promise<StepSink>;
}

/** A tracker that will fail again: what was sent is refused. */
export class TrackingRefused extends Error {
  override readonly name = "TrackingRefused";
}

/** Seconds between two writes. */
const interval = 1;
/** The longest pause after failures, in seconds. */
const longestPause = 60;
/** Seconds that the end of a run waits for trackers. */
const patience = 30;

/**
 * Sends a run's steps to trackers, beside the training. `metrics.jsonl` stays the truth: a tracker is first sent the steps
 * that it lacks, and never one that it has. One that fails is told of once and tried again later; the run goes on.
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

  /** Takes the next row of `metrics.jsonl`. */
  add(row: LoggedStep): void {
    const step = { step: ++this.count, time: Date.now(), metrics: trackedMetrics(row) };
    for (const feed of this.feeds) feed.add(step);
  }

  /** Sends what is left; waits at most {@link patience} seconds for it. */
  async end(how: RunEnd): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.end(how)));
  }
}

/**
 * Works on a run with its steps tracked, as `controls` ask for: those that are logged already, and those that the work logs.
 *
 * @throws InputError where `metrics.jsonl` is damaged; what the work throws
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

/** The steps on their way to one tracker. */
class Feed {
  private readonly waiting: TrackedStep[];
  private sink: StepSink | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> = Promise.resolve();
  private failures = 0;
  private isTold = false;
  /** No more tries are planned: {@link end} makes the last one itself. */
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
    // After a failure, the next try is planned already.
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

/** A name for the run in a folder: `mine-0a1b2c3d`, `compared/dpo/seed-1-0a1b2c3d`. */
function trackedRun(folder: string, { digest, facts }: RunIdentity): TrackedRun {
  const inside = relative(process.cwd(), folder).split(sep);
  const parts = inside[0] === ".." ? [basename(folder)] : inside[0] === "runs" ? inside.slice(1) : inside;
  const path = parts.join("/") || basename(process.cwd());
  const own = digest.slice(0, 8);
  return { name: path.includes(own) ? path : `${path}-${own}`, digest, facts };
}

/** The figures of a step under the names that transformers gives them at trackers: `train/loss`, and `eval/loss` of `eval_loss`. */
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
