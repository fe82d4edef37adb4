import type { ReferencedPair } from "../../align/preference.js";
import type { Random } from "../../base/random.js";
import type { LabelledSample, Ranked, Sample } from "../../bootstrap/index.js";
import type { Margin, Reviewed } from "../../review/index.js";

/** The declaration of a custom part, by which a run identifies it. */
export interface Versioned {
  readonly name: string;
  /** Change it with every edit that changes results. */
  readonly version: string;
}

/** Numbers of a pair and of its response tokens, by name; see {@link ReferencedPair}. */
export type PairColumns = Partial<Pick<ReferencedPair, "columns" | "tokens">>;

/** The input of a {@link ColumnRule}: the pair's tokens and existing columns. */
export interface ColumnedPair {
  readonly prompt: Int32Array;
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  readonly columns?: Readonly<Record<string, number>>;
  /** Decodes tokens. */
  text(tokens: Int32Array): string;
  /** Id of the padding token. */
  readonly padId: number;
}

/** Computes numeric columns for pairs, both of the data and bootstrapped. */
export interface ColumnRule extends Versioned {
  /** Everything besides its code that its columns depend on. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** @returns its columns, which replace the pair's columns of the same names */
  of(pair: ColumnedPair): PairColumns;
}

/** Keeps a share of the reviewed pairs. */
export interface SelectionRule extends Versioned {
  /**
   * @param rows all pairs with their margins
   * @param share K / N, in [0, 1]
   * @returns all rows in their order, with `kept`
   */
  select(rows: readonly Margin[], share: number, random: Random): readonly Reviewed[];
}

/** Pairs the responses to one prompt. */
export interface PairingRule extends Versioned {
  /**
   * @param samples in descending order of reward; at least two, all distinct
   * @returns pairs of a better and a worse response; pairs of equal reward are dropped
   */
  pair(samples: readonly LabelledSample[]): readonly Ranked[];
}

/** Rewards sampled responses. */
export interface Labeller extends Versioned {
  /** @returns a finite reward for each sample, in order; higher is better */
  label(samples: readonly Sample[], context: LabelContext): Promise<readonly number[]> | readonly number[];
}

/** The context passed to a {@link Labeller}. */
export interface LabelContext {
  /** The iteration that the pairs are for; the previous iteration's policy wrote the responses. */
  readonly iteration: number;
  /** Returns the prompt of a sample. */
  prompt(sample: Sample): string;
  /** Returns the response of a sample. */
  response(sample: Sample): string;
  /** Returns the ensembled implicit reward of each sample divided by β, in nats, as with `labelBy: "implicit"`. */
  implicitRewards(): Promise<readonly number[]>;
}
