import type { PairLoss, PairObjective } from "../align/pair-objective.js";
import type { PreferencePair } from "../data/pair.js";
import type { InputTexts, RunControls, RunInput } from "./input.js";
import type { ColumnRule, MethodOptions } from "./options/index.js";
import type { InputSizes, PlannedTraining } from "./planned-steps.js";
import type { Stages } from "./stages.js";

/** A way to train a policy on preference pairs, with its settings: which stages follow on which. */
export interface Method {
  /** As the summary of a run has it. */
  readonly name: string;
  /** Raised when the method's code changes what comes out: the name, the version and the options tell runs apart. */
  readonly version: string;
  /** Everything that it depends on besides the data, resolved. */
  readonly options: MethodOptions;
  /** Names of the options that were set, where the others are at their defaults. Default: none. */
  readonly given?: readonly string[];
  /** Whether it labels responses with the judge of the run; a judge is refused otherwise. Default false. */
  readonly labelsWithJudge?: boolean;
  /** Whether it trains on the run's demonstrations itself; otherwise the start is fine-tuned on them first. Default false. */
  readonly trainsOnDemonstrations?: boolean;
  /** Whether it makes pairs while it trains on them. Default false. */
  readonly drawsPairs?: boolean;
  /** What it minimises in place of the run's loss, by which pairs are still reviewed and accuracy is counted. Default: the loss. */
  readonly objective?: (loss: PairLoss) => PairObjective;
  /** The losses of its trainings. Default: the run's alone. @throws InputError where it cannot train by that one */
  readonly losses?: (loss: PairLoss) => readonly PairLoss[];
  /** Which pairs it trains on: their columns are checked before the run. Default: that is not known, and none are checked. */
  readonly trainsOn?: TrainedPairs;
  /** Gives training and validation pairs columns, before the user's own rule does. Default: none. */
  readonly columns?: ColumnRule;
  /**
   * What the run is given in place of its pairs. It is called whenever the run is opened, and has to give the same each
   * time. Default: the pairs stay as they are.
   *
   * @throws InputError where the pairs lack what it needs
   */
  readonly rewrite?: (texts: InputTexts, controls: RunControls) => Promise<RunTexts> | RunTexts;
  /** Its trainings on so much data, one for each iteration. Default: on all pairs, in the epochs of the options. */
  readonly trainings?: (sizes: InputSizes) => readonly PlannedTraining[];
  /**
   * What the method can see to be wrong before anything is trained, sampled or judged. It has to be quick: a comparison
   * asks all its methods before the first run.
   *
   * @param input with its pairs rewritten
   * @throws InputError where the input lacks what the method needs, or an option is outside what it allows
   */
  readonly check?: (input: RunInput) => void;
  run(stages: Stages): Promise<void>;
}

/** Pairs of the data, and those that a method makes itself, which have columns of rules and none of the data. */
export type TrainedPairs = readonly ("data" | "made")[];

/** The pairs of a run as texts. */
export interface RunTexts {
  readonly pairs: readonly PreferencePair[];
  readonly heldOut?: readonly PreferencePair[] | undefined;
  readonly validation?: readonly PreferencePair[] | undefined;
}

/** Methods of the library, and of definitions that were checked when they were made. */
const known = new WeakSet<Method>();

/** Whether a method's code is known, so that it needs no comparison with others of its name. */
export const isKnown = (method: Method): boolean => known.has(method);

/** A method whose stages follow from its options. */
export function methodWith<Options extends MethodOptions>({ run, check, ...stated }: MethodOf<Options>): Method {
  const { options } = stated;
  const method: Method = {
    ...stated,
    ...(check && { check: (input: RunInput) => check(input, options) }),
    run: (stages) => run(stages, options),
  };
  known.add(method);
  return method;
}

/** A {@link Method} whose stages read options of its own. */
interface MethodOf<Options extends MethodOptions> extends Omit<Method, "options" | "run" | "check"> {
  readonly options: Options;
  readonly check?: (input: RunInput, options: Options) => void;
  readonly run: (stages: Stages, options: Options) => Promise<void>;
}
