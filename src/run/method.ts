import type { MethodOptions } from "./options/index.js";
import type { Stages } from "./stages.js";

/** A way to train a policy on preference pairs, with its settings: which stages follow on which. */
export interface Method {
  /** As the summary of a run has it. */
  readonly name: string;
  /** Raised when the method's code changes what comes out: the name, the version and the options tell runs apart. */
  readonly version: string;
  /** Everything that it depends on besides the data, resolved. */
  readonly options: MethodOptions;
  run(stages: Stages): Promise<void>;
}
