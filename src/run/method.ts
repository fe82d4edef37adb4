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

/** A method whose stages follow from its options. */
export function methodWith<Options extends MethodOptions>(
  name: string,
  version: string,
  options: Options,
  run: (stages: Stages, options: Options) => Promise<void>,
): Method {
  return { name, version, options, run: (stages) => run(stages, options) };
}
