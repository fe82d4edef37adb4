import type { EngineDescription, Executable, Program } from "../engine.js";
import { ThreadEngine } from "../thread/thread-engine.js";
import { checkBackendName, type BackendName } from "./backend-names.js";
import { planOf, type Plan } from "./plan.js";

export interface TfjsEngineOptions {
  /** Where ops run. Default: the best that is installed and works, in the order of {@link backendNames}. */
  readonly backend?: BackendName | undefined;
}

/** What the thread is told. */
export interface TfjsSettings {
  readonly backend: BackendName | undefined;
}

/**
 * Runs graphs op by op on TensorFlow.js, in a thread of its own, on whichever backend is there. Its packages are the
 * user's to install; they are looked for in the working directory first.
 *
 * @throws InputError where there is no backend of that name; at the first call, where it is not installed or does not work
 * @example const engine = new TfjsEngine({ backend: "wasm" });
 */
export class TfjsEngine extends ThreadEngine<Plan> {
  private readonly backend: BackendName | undefined;

  constructor({ backend }: TfjsEngineOptions = {}) {
    if (backend !== undefined) checkBackendName(backend);
    // TensorFlow's native library reads it when it loads; else it greets on stderr. A thread cannot set it.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
    super(new URL("./worker.js", import.meta.url));
    this.backend = backend;
  }

  /** @throws InputError where no backend was named and none works */
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
