/** Figures worth showing beside how far work is. */
export interface Figures {
  readonly loss?: number;
  /** Reward margin, chosen less rejected. */
  readonly margin?: number;
  /** A share, 0 to 1. */
  readonly accuracy?: number;
  /** Tokens worked on so far. */
  readonly tokens?: number;
}

/** How long work is watched and stopped by its caller; every long function takes one. */
export interface TaskOptions {
  /** Stops the work at the next place where nothing is lost; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Is told how far the work is. */
  readonly onProgress?: (done: number, total: number, figures?: Figures) => void;
}

/** Where work of several phases is shown; each phase begins when the one before it has finished. */
export interface Reporter {
  start(label: string, total: number): { update(done: number, figures?: Figures): void; finish(text?: string): void };
}

/** Does one phase of work under a reporter, whose line appears once the amount of work is known. */
export async function reported<T>(
  label: string,
  { signal, reporter }: { readonly signal?: AbortSignal; readonly reporter?: Reporter },
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
