import { nestPhases } from "./nested-phases.js";

/** Metrics shown next to the progress of a task. */
export interface Figures {
  readonly loss?: number | undefined;
  /** Reward margin: chosen minus rejected. */
  readonly margin?: number;
  /** Between 0 and 1. */
  readonly accuracy?: number;
  /** Tokens processed so far. */
  readonly tokens?: number;
}

/** Cancellation and progress of a long-running function. */
export interface TaskOptions {
  /** Stops the task at the next point where no work is lost; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with the number of finished units and the total. */
  readonly onProgress?: (done: number, total: number, figures?: Figures) => void;
  /** Called before the first unit with choices of the task that deviate from the usual. */
  readonly onNote?: (text: string) => void;
}

/** Displays the progress of a task with several phases, one after the other. */
export interface Reporter {
  /**
   * @param unit what is counted, in the plural
   * @param done units that an earlier process has finished. Default 0
   */
  start(
    label: string,
    total: number,
    unit?: string,
    done?: number,
  ): {
    update(done: number, figures?: Figures): void;
    /** Displays work between two units, such as a review between training steps, until the next update. */
    between?(text: string): void;
    finish(text?: string): void;
  };
  /** Displays a line of text between phases. */
  note?(text: string): void;
  /** Displays where a run, or a training that it copies, is stored. Default: as a note. */
  place?(text: string): void;
  /** Called before the first phase of a resumed run with the training steps that earlier processes have taken. */
  resumed?(steps: number): void;
}

/** Displays where something is stored; see {@link Reporter.place}. */
export function notePlace(reporter: Reporter | undefined, text: string): void {
  if (reporter?.place) reporter.place(text);
  else reporter?.note?.(text);
}

/** Progress display and cancellation of a task. */
export interface TaskControls {
  /** Stops the task at the next point where no work is lost; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly reporter?: Reporter | undefined;
}

/** Seconds after which progress of work of unknown length is shown. */
const worthShowing = 2;

/** Runs work that is usually short; a progress line appears if it takes longer than two seconds. */
export function reportedIfSlow<T>(label: string, controls: TaskControls, work: () => Promise<T>): Promise<T> {
  return phase(controls, async (begin) => {
    let line: ReturnType<typeof begin>;
    const timer = setTimeout(() => (line = begin(label, 1)), worthShowing * 1000);
    try {
      const result = await work();
      line?.update(1);
      return result;
    } finally {
      clearTimeout(timer);
    }
  });
}

/**
 * Runs one phase under a reporter; its progress line appears once the total is known.
 *
 * @param unit what `onProgress` counts, in the plural
 * @param done units that an earlier process has finished. Default 0
 */
export function reported<T>(
  label: string,
  unit: string,
  controls: TaskControls,
  work: (work: TaskOptions) => Promise<T>,
  done = 0,
): Promise<T> {
  const { signal, reporter } = controls;
  return phase({ reporter }, (begin) => {
    const onProgress: TaskOptions["onProgress"] = (now, total, figures) =>
      begin(label, total, unit, done)?.update(now, figures);
    const onNote = (text: string) => reporter?.note?.(`${label}: ${text}`);
    return work({ ...(signal && { signal }), onProgress, onNote });
  });
}

/** Runs work with at most one line, which its first call of `begin` starts. Notes of nested phases follow the line. */
async function phase<T>(
  { reporter }: Pick<TaskControls, "reporter">,
  work: (begin: (...of: Parameters<Reporter["start"]>) => ReturnType<Reporter["start"]> | undefined) => Promise<T>,
): Promise<T> {
  let line: ReturnType<Reporter["start"]> | undefined;
  const notes: string[] = [];
  const run = () => work((...of) => (line ??= reporter?.start(...of)));
  try {
    return await (reporter
      ? nestPhases(
          () => line,
          (text) => void notes.push(text),
          run,
        )
      : run());
  } finally {
    line?.finish();
    for (const text of notes) reporter?.note?.(text);
  }
}
