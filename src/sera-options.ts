import type { TrainingOptions } from "./align/trainer.js";
import { requireOneOf, requireOption } from "./base/require-option.js";
import { pairings, type PairingName } from "./bootstrap/index.js";
import { selectionRules, type SelectionName } from "./review/index.js";
import {
  checkMethodOptions,
  defaultFlatMethod,
  defaultMethod,
  methodOptions,
  type FlatMethodOptions,
  type MethodOptions,
} from "./run/options.js";

/** By what responses of the policy are labelled: its own implicit reward, or the judge that the run is given. */
export const labellers = ["implicit", "judge"] as const;
export type LabelledBy = (typeof labellers)[number];

/** How the loop selects pairs and makes new ones. */
export interface LoopOptions {
  /** K / N: the share of the pairs that review keeps from iteration 2 on. */
  readonly select: number;
  /** The rule by which it keeps them. */
  readonly selectBy: SelectionName;
  /** Pairs of one prompt that review keeps at most. Default: all. */
  readonly perPrompt?: number;
  /** K̃ / N: pairs that the policy makes, as a share of the pairs. */
  readonly bootstrap: number;
  /** R: responses sampled for each prompt. */
  readonly responses: number;
  readonly labelBy: LabelledBy;
  /** How pairs are made of a prompt's responses. */
  readonly pairBy: PairingName;
  /** α: what each token of a response costs its reward, in nats; "auto" balances the lengths of chosen and rejected. */
  readonly lengthPenalty: number | "auto";
  /** γ: weight of π_{t−2} in the ensemble. */
  readonly gamma: number;
}

/** Every number of SeRA (arXiv 2410.09362); see {@link defaultSera}. */
export interface SeraOptions extends MethodOptions, LoopOptions {}

/** The paper's numbers, where they are known. */
export const defaultLoop = {
  select: 0.7,
  selectBy: "top",
  bootstrap: 0.3,
  responses: 4,
  labelBy: "implicit",
  pairBy: "best-worst",
  lengthPenalty: 0,
  gamma: 0.3,
} as const satisfies LoopOptions;

export const defaultSera = { ...defaultMethod, ...defaultLoop } as const satisfies SeraOptions;

/** The options of SeRA laid flat. */
export interface FlatSeraOptions extends FlatMethodOptions, LoopOptions {}

/** {@link defaultSera} laid flat. */
export const defaultFlatSera: FlatSeraOptions = { ...defaultFlatMethod, ...defaultLoop };

/** The options of SeRA from their flat form. */
export function seraOptions(flat: FlatSeraOptions, sft?: TrainingOptions): SeraOptions {
  const { select, selectBy, perPrompt, bootstrap, responses, labelBy, pairBy, lengthPenalty, gamma } = flat;
  return {
    ...methodOptions(flat, sft),
    ...{ select, selectBy, ...(perPrompt !== undefined && { perPrompt }), bootstrap, responses, labelBy, pairBy, lengthPenalty, gamma },
  };
}

/** @throws InputError where an option is outside its range */
export function checkSeraOptions(options: SeraOptions): void {
  const { iterations, select, selectBy, perPrompt = 1, bootstrap, responses, labelBy, pairBy, lengthPenalty, gamma } = options;
  checkMethodOptions(options);
  requireOption(select >= 0 && select <= 1, "select", select, "a share in [0, 1]");
  requireOneOf("select by", selectBy, Object.keys(selectionRules));
  requireOption(Number.isInteger(perPrompt) && perPrompt >= 1, "per prompt", perPrompt, "a whole number from 1");
  requireOption(bootstrap >= 0 && bootstrap <= 1, "bootstrap", bootstrap, "a share in [0, 1]");
  requireOption(Number.isInteger(responses) && responses >= 2, "responses", responses, "a whole number from 2");
  requireOneOf("label by", labelBy, labellers);
  requireOneOf("pair by", pairBy, Object.keys(pairings));
  if (lengthPenalty !== "auto") requireOption(lengthPenalty >= 0 && lengthPenalty < Infinity, "length penalty", lengthPenalty, 'a number from 0, or "auto"');
  requireOption(gamma >= 0 && gamma <= 1, "gamma", gamma, "a share in [0, 1]");
  requireOption(iterations === 1 || select + bootstrap > 0, "select and bootstrap", 0, "at least one above 0");
}
