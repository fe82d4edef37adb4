/** How long work is watched and stopped by its caller; every long function takes one. */
export interface Work {
  /** Stops the work at the next place where nothing is lost; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Is told how far the work is, with figures worth showing beside it. */
  readonly onProgress?: (done: number, total: number, figures?: Readonly<Record<string, number>>) => void;
}
