/** Figures worth showing beside progress. */
export interface Figures {
  readonly loss?: number;
  /** Reward margin, chosen less rejected. */
  readonly margin?: number;
  /** A share, 0 to 1. */
  readonly accuracy?: number;
  /** Tokens worked on so far. */
  readonly tokens?: number;
}

/** Progress and cancellation of a long function. */
export interface TaskOptions {
  /** Stops the work at the next place where nothing is lost; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called as the work goes on. */
  readonly onProgress?: (done: number, total: number, figures?: Figures) => void;
}

/** Where work of several phases is shown; each phase begins when the one before it has finished. */
export interface Reporter {
  start(label: string, total: number): { update(done: number, figures?: Figures): void; finish(text?: string): void };
  /** Shows a line of text, between phases. */
  note?(text: string): void;
}

/** Where work is shown, and what stops it. */
export interface TaskControls {
  /** Stops the work at the next place where nothing is lost; it then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly reporter?: Reporter | undefined;
}

/** Does one phase of work under a reporter, whose line appears once the amount of work is known. */
export async function reported<T>(
  label: string,
  { signal, reporter }: TaskControls,
  work: (work: TaskOptions) => Promise<T>,
): Promise<T> {
  let line: ReturnType<Reporter["start"]> | undefined;
  const onProgress: TaskOptions["onProgress"] = (done, total, figures) => {
    line ??= reporter?.start(label, total);
    line?.update(done, figures);
  };
  try {
    return await work(signal ? { signal, onProgress } : { onProgress });
  } finally {
    line?.finish();
  }
}
