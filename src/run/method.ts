import type { PairLoss, PairObjective } from "../align/pair-objective.js";
import type { NamedPrompt } from "../data/load-prompts.js";
import type { PreferencePair } from "../data/pair.js";
import type { InputTexts, RunControls, RunInput } from "./input.js";
import type { ColumnRule, MethodOptions } from "./options/index.js";
import type { InputSizes, PlannedTraining } from "./planned-steps.js";
import type { Stages } from "./stages.js";

/** A way to train a policy on preference pairs: a sequence of stages, with its options. */
export interface Method {
  /** The name in a run's summary. */
  readonly name: string;
  /** Increment it when a code change alters the results: name, version and options identify runs. */
  readonly version: string;
  /** Everything besides the data that the method depends on, resolved. */
  readonly options: MethodOptions;
  /** Names of the options that were set explicitly. Default: none. */
  readonly given?: readonly string[];
  /** Whether it labels responses with the judge of the run; a judge is refused otherwise. Default false. */
  readonly labelsWithJudge?: boolean;
  /** Whether it trains on the run's demonstrations itself; otherwise the start is fine-tuned on them first. Default false. */
  readonly trainsOnDemonstrations?: boolean;
  /** Whether it generates pairs during training. Default false. */
  readonly drawsPairs?: boolean;
  /**
   * The objective to minimise in place of the run's loss, which still serves for review and accuracy. Default: the
   * loss.
   */
  readonly objective?: (loss: PairLoss) => PairObjective;
  /**
   * The losses that it trains with. Default: only the run's. @throws InputError if it does not support the run's loss
   */
  readonly losses?: (loss: PairLoss) => readonly PairLoss[];
  /** Sources of its training pairs; their columns are checked before the run. Default: unknown, so none are checked. */
  readonly trainsOn?: TrainedPairs;
  /** Adds columns to training and validation pairs, before the user's own rule. Default: none. */
  readonly columns?: ColumnRule;
  /**
   * Returns replacements for the run's pairs. It is called whenever the run is opened and must be deterministic.
   * Default: the pairs are unchanged.
   *
   * @throws InputError if the pairs lack something that it needs
   */
  readonly rewrite?: (texts: InputTexts, controls: RunControls) => Promise<RunTexts> | RunTexts;
  /**
   * Its planned trainings on data of these sizes, one per iteration. Default: on all pairs, for the epochs of the
   * options.
   */
  readonly trainings?: (sizes: InputSizes) => readonly PlannedTraining[];
  /**
   * Checks the input before anything is trained, sampled or judged. It must be fast: a comparison calls it for all
   * methods before the first run.
   *
   * @param input the input with its pairs rewritten
   * @throws InputError if the input lacks something that the method needs, or an option is outside its range
   */
  readonly check?: (input: RunInput) => void;
  run(stages: Stages): Promise<void>;
}

/** Sources of training pairs: the data, and the method itself ("made"), whose pairs only have the columns of rules. */
export type TrainedPairs = readonly ("data" | "made")[];

/** The pairs of a run as texts, and the prompts that it is evaluated on. */
export interface RunTexts {
  readonly pairs: readonly PreferencePair[];
  readonly heldOut?: readonly (PreferencePair | NamedPrompt)[] | undefined;
  readonly validation?: readonly PreferencePair[] | undefined;
}

/** Methods of the library, and methods whose definitions were checked on creation. */
const known = new WeakSet<Method>();

/** Returns whether a method's code is known, so that it need not be compared with others of the same name. */
export const isKnown = (method: Method): boolean => known.has(method);

/** Methods of the library. */
const builtIn = new WeakSet<Method>();

/** Returns whether a method is the library's own; errors in the code of others are their users'. */
export const isBuiltIn = (method: Method): boolean => builtIn.has(method);

/** Creates a method whose stages read its options. */
export function methodWith<Options extends MethodOptions>({
  run,
  check,
  isOwn = false,
  ...stated
}: MethodOf<Options>): Method {
  const { options } = stated;
  const method: Method = {
    ...stated,
    ...(check && { check: (input: RunInput) => check(input, options) }),
    run: (stages) => run(stages, options),
  };
  known.add(method);
  if (!isOwn) builtIn.add(method);
  return method;
}

/** A {@link Method} whose stages read its own options. */
interface MethodOf<Options extends MethodOptions> extends Omit<Method, "options" | "run" | "check"> {
  readonly options: Options;
  /** Whether its code is the user's. Default false. */
  readonly isOwn?: boolean;
  readonly check?: (input: RunInput, options: Options) => void;
  readonly run: (stages: Stages, options: Options) => Promise<void>;
}
