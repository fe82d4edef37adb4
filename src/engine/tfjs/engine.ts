import type { EngineDescription, Executable, Program } from "../engine.js";
import { ThreadEngine } from "../thread/thread-engine.js";
import { checkBackendName, type BackendName } from "./backend-names.js";
import { planOf, type Plan } from "./plan.js";

export interface TfjsEngineOptions {
  /** Where ops run. Default: the best backend that is installed and works, in the order of {@link backendNames}. */
  readonly backend?: BackendName | undefined;
}

/** Settings passed to the thread. */
export interface TfjsSettings {
  readonly backend: BackendName | undefined;
}

/**
 * Runs graphs op by op on TensorFlow.js, in a separate thread, on an available backend. The user installs its packages; they are
 * searched for in the working directory first.
 *
 * @throws InputError if there is no backend of that name; at the first call, if it is not installed or does not work
 * @example const engine = new TfjsEngine({ backend: "wasm" });
 */
export class TfjsEngine extends ThreadEngine<Plan> {
  private readonly backend: BackendName | undefined;

  constructor({ backend }: TfjsEngineOptions = {}) {
    if (backend !== undefined) checkBackendName(backend);
    // TensorFlow's native library reads this when it loads, and otherwise prints a greeting on stderr. A thread cannot set it.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
    super(new URL("./worker.js", import.meta.url));
    this.backend = backend;
  }

  /** @throws InputError if no backend was named and none works */
  async describe(): Promise<EngineDescription> {
    return { engine: "tfjs", backend: this.backend ?? (await this.call("device")) };
  }

  protected override settings(): TfjsSettings {
    return { backend: this.backend };
  }

  async prepare(program: Program): Promise<Executable> {
    return this.executable(await this.call("prepare", planOf(program)));
  }
}
