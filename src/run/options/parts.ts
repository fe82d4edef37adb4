import type { ReferencedPair } from "../../align/preference.js";
import type { Random } from "../../base/random.js";
import type { LabelledSample, Ranked, Sample } from "../../bootstrap/index.js";
import type { Margin, Reviewed } from "../../review/index.js";

/** What a part of one's own states, so that a run knows which it was trained with. */
export interface Versioned {
  readonly name: string;
  /** Another one for each change that changes results. */
  readonly version: string;
}

/** Numbers of a pair and of its response tokens, by name; see {@link ReferencedPair}. */
export type PairColumns = Partial<Pick<ReferencedPair, "columns" | "tokens">>;

/** A pair as a {@link ColumnRule} sees it: its tokens, and the columns that it has already. */
export interface ColumnedPair {
  readonly prompt: Int32Array;
  readonly chosen: Int32Array;
  readonly rejected: Int32Array;
  readonly columns?: Readonly<Record<string, number>>;
  /** The text of tokens. */
  text(tokens: Int32Array): string;
  /** Id of the token that pads. */
  readonly padId: number;
}

/** Gives pairs numbers of their own, those of the data and those that the run makes alike. */
export interface ColumnRule extends Versioned {
  /** What its columns depend on besides its code. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** @returns its columns, which take the place of those that the pair has under the same names */
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

/** Makes pairs of the responses to one prompt. */
export interface PairingRule extends Versioned {
  /**
   * @param samples by falling reward; at least two, no two the same
   * @returns pairs of better and worse; those of equal reward are left out
   */
  pair(samples: readonly LabelledSample[]): readonly Ranked[];
}

/** Rewards sampled responses. */
export interface Labeller extends Versioned {
  /** @returns a finite reward for each sample, in their order: the higher, the better */
  label(samples: readonly Sample[], context: LabelContext): Promise<readonly number[]> | readonly number[];
}

/** What a {@link Labeller} can ask for. */
export interface LabelContext {
  /** The iteration that the pairs are made for; the responses are its predecessor's. */
  readonly iteration: number;
  /** The prompt of a sample. */
  prompt(sample: Sample): string;
  /** The response of a sample. */
  response(sample: Sample): string;
  /** The ensembled implicit reward of each sample over β, in nats, as `labelBy: "implicit"` has it. */
  implicitRewards(): Promise<readonly number[]>;
}
