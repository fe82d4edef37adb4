/** The output of either side for a measure. */
export interface Result {
  /** Median of the samples. */
  readonly milliseconds: number;
  readonly peakRssBytes: number;
  /** Peak before the model is created: the runtime and its libraries. */
  readonly baseRssBytes: number;
  /** Median of each way in which PyTorch can do it, if there are several; `milliseconds` is the fastest. */
  readonly medianMilliseconds?: Readonly<Record<string, number>>;
}

/** Rates of matrix products, in GFLOPS. */
export interface MatmulRates {
  readonly square: number;
  readonly feedForward: number;
}

/** One piece of work at one size, on both sides. */
export interface Comparison {
  readonly size: string;
  readonly what: string;
  readonly ours: Result & { readonly tokens: number };
  readonly pyTorch: { readonly plain: Result; readonly keptPages: Result } | undefined;
  /** Time that the work's floating-point operations take at our matmul rate, if they are the limit. */
  readonly floorMilliseconds: number | undefined;
}
