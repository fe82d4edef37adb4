import type { State } from "../engine/engine.js";
import type { ProgramCache } from "../engine/program-cache.js";
import type { Tensor } from "../graph/tensor.js";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.js";
import type { ModelConfig } from "./config.js";
import type { Parameters } from "./parameters.js";
import type { Tokenizer } from "./tokenizer.js";

/** A language model whose parameters are in an engine, ready to score, to write and to be trained. */
export class Policy {
  private constructor(
    readonly programs: ProgramCache,
    readonly config: ModelConfig,
    readonly tokenizer: Tokenizer,
    private parameterState: State,
  ) {}

  /** The parameters in the engine, under their own names. */
  get state(): State {
    return this.parameterState;
  }

  /** Copies parameters into the engine. */
  static async create(
    programs: ProgramCache,
    { config, parameters, tokenizer }: { config: ModelConfig; parameters: Parameters; tokenizer: Tokenizer },
  ): Promise<Policy> {
    return new Policy(programs, config, tokenizer, await programs.engine.createState(parameters));
  }

  /** Loads a checkpoint folder in Hugging Face layout; see {@link loadCheckpoint} for the errors. */
  static async load(programs: ProgramCache, folder: string): Promise<Policy> {
    return Policy.create(programs, await loadCheckpoint(folder));
  }

  /** Copies of the parameters as they are now. */
  async parameters(): Promise<Parameters> {
    return (await this.state.read()) as Map<string, Tensor<"float32">>;
  }

  /** Puts other parameters of the same shapes in the place of these. */
  async replace(parameters: Parameters): Promise<void> {
    const replaced = this.parameterState;
    this.parameterState = await this.programs.engine.createState(parameters);
    await replaced.free();
  }

  /** Writes a checkpoint folder in Hugging Face layout. */
  async save(folder: string): Promise<void> {
    await saveCheckpoint(folder, { config: this.config, parameters: await this.parameters(), tokenizer: this.tokenizer });
  }

  /** Frees the parameters' memory in the engine. */
  free(): Promise<void> {
    return this.parameterState.free();
  }
}
