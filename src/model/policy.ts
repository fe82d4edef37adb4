import { createHash } from "node:crypto";
import type { State } from "../engine/engine.js";
import type { ProgramCache } from "../engine/program-cache.js";
import type { Tensor } from "../graph/tensor.js";
import { openCheckpoint, saveCheckpoint, type Checkpoint } from "./checkpoint.js";
import type { CheckpointSource } from "./checkpoint-source.js";
import type { LoraConfig, ModelConfig } from "./config.js";
import { mergeLora } from "./lora.js";
import type { Parameters } from "./parameters.js";
import { oneByOne } from "./tensor-source.js";
import type { Tokenizer } from "./tokenizer.js";
import type { WeightOptions } from "./write-weights.js";

/**
 * A language model whose parameters are in an engine, ready to score, to write and to be trained.
 * With an adapter only the adapter is trained, and every policy on one base shares the base's parameters.
 */
export class Policy {
  private constructor(
    readonly programs: ProgramCache,
    readonly config: ModelConfig,
    readonly tokenizer: Tokenizer,
    private readonly source: CheckpointSource | undefined,
    /** Where the model was loaded from: a folder, or a name on the hub. */
    readonly origin: string | undefined,
    /** What training changes: the adapter, or all parameters; nothing where an adapter is off. */
    private trained: State | undefined,
    /** The parameters beside an adapter, which others may share. */
    private readonly frozen?: State,
  ) {}

  /** Where a program finds the parameters, under their own names. */
  get states(): readonly State[] {
    return [this.trained, this.frozen].filter((state) => state !== undefined);
  }

  /**
   * Copies parameters into the engine.
   *
   * @param origin where they were loaded from, which an adapter on this model names it by
   */
  static async create(programs: ProgramCache, { config, parameters, tokenizer, source }: Checkpoint, origin?: string): Promise<Policy> {
    return new Policy(programs, config, tokenizer, source, origin, await programs.engine.createState(parameters));
  }

  /**
   * Loads a checkpoint folder in Hugging Face layout; see {@link loadCheckpoint} for the errors.
   *
   * @param origin what an adapter on this model names it by. Default: the folder
   */
  static async load(programs: ProgramCache, folder: string, origin = folder): Promise<Policy> {
    const { config, tokenizer, source, weights } = await openCheckpoint(folder);
    try {
      return new Policy(programs, config, tokenizer, source, origin, await programs.engine.createState(oneByOne(weights)));
    } finally {
      await weights.close();
    }
  }

  /**
   * This model with an adapter. The parameters are shared, so this policy must outlive it.
   *
   * @param parameters the adapter's matrices; see {@link initialLora}
   */
  async withAdapter(adapter: LoraConfig, parameters: Parameters): Promise<Policy> {
    const state = await this.programs.engine.createState(parameters);
    return new Policy(this.programs, { ...this.config, adapter }, this.tokenizer, this.source, this.origin, state, this.base);
  }

  /** This model with its adapter off; the parameters are shared, so this policy must outlive it. */
  withoutAdapter(): Policy {
    return new Policy(this.programs, withoutAdapter(this.config), this.tokenizer, this.source, this.origin, undefined, this.base);
  }

  /** This model with others of the same shapes in the place of what training changes; a base is shared, so this policy must outlive it. */
  async withParameters(parameters: Parameters): Promise<Policy> {
    const state = await this.programs.engine.createState(parameters);
    return new Policy(this.programs, this.config, this.tokenizer, this.source, this.origin, state, this.frozen);
  }

  /** Where all parameters but an adapter's are. */
  private get base(): State {
    return (this.frozen ?? this.trained)!;
  }

  /** Copies of what training changes, as it is now: the adapter's matrices, or all parameters. */
  async parameters(): Promise<Parameters> {
    return (await (this.trained ?? this.base).read()) as Map<string, Tensor<"float32">>;
  }

  /** Copies of all parameters, an adapter merged into them. */
  async mergedParameters(): Promise<Parameters> {
    const base = (await this.base.read()) as Map<string, Tensor<"float32">>;
    const { adapter } = this.config;
    return adapter ? mergeLora(this.config, adapter, base, await this.parameters()) : base;
  }

  /** Tells the model from every other: a hash of its config and of all its parameters, an adapter's and its base's. */
  async fingerprint(): Promise<string> {
    const hash = createHash("sha256").update(JSON.stringify(this.config));
    for (const state of this.states) {
      // One by one: a base may be large.
      for (const name of state.names.toSorted()) hash.update(name).update((await state.read([name])).get(name)!.data);
    }
    return hash.digest("hex");
  }

  /** Puts others of the same shapes in the place of what training changes. */
  async replace(parameters: Parameters): Promise<void> {
    const replaced = this.trained;
    this.trained = await this.programs.engine.createState(parameters);
    await replaced?.free();
  }

  /**
   * Writes a checkpoint folder in Hugging Face layout, an adapter merged into it, with all that the files said that it
   * was loaded from; see {@link saveCheckpoint} for the options and the errors.
   */
  async save(folder: string, options: WeightOptions = {}): Promise<void> {
    const { tokenizer, source } = this;
    const parameters = await this.mergedParameters();
    await saveCheckpoint(folder, { config: withoutAdapter(this.config), parameters, tokenizer, source }, options);
  }

  /** Frees the memory of what training changes; a base that others share stays. */
  async free(): Promise<void> {
    await this.trained?.free();
  }
}

function withoutAdapter({ adapter: _, ...config }: ModelConfig): ModelConfig {
  return config as ModelConfig;
}
