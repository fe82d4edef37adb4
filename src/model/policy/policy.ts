import { inspect } from "node:util";
import { InputError } from "../../base/errors.js";
import { displaySymbol, type MimeBundle } from "../../base/mime.js";
import type { State } from "../../engine/engine.js";
import type { ProgramCache } from "../../engine/program-cache.js";
import { openCheckpoint, saveCheckpoint, type Checkpoint } from "../checkpoint/checkpoint.js";
import type { CheckpointSource } from "../checkpoint/checkpoint-source.js";
import type { WeightOptions } from "../checkpoint/write-weights.js";
import type { LoraConfig, ModelConfig, QuantizedWeights } from "../config.js";
import { mergeLora } from "../parameters/lora/lora.js";
import type { Parameters } from "../parameters/parameters.js";
import type { Uploaded } from "../../hub/upload.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";
import { requireTrainable, withWeights } from "../parameters/quantization/quantized-weights.js";
import { holdBase } from "./bases.js";
import { modelLine, policyBundle } from "./describe-policy.js";
import { configDigest, stateDigest, tokenizerDigest, type ModelFingerprint } from "./fingerprint.js";
import { parametersToHold, readHeld, requireHolding, tensorsToHold } from "./held-parameters.js";
import type { PushPolicyOptions } from "./push.js";
import { SharedState } from "./shared-state.js";

/**
 * A language model whose parameters are in an engine, ready for scoring, generation and training.
 *
 * Policies derived from one another share the parameters they have in common: with an adapter only the adapter is
 * trained, and the base below it is stored once. Each policy counts as one user of what it shares and is freed on its
 * own, in any order, by {@link free} or `await using`; the last one releases the memory. Training one never changes
 * another. A notebook displays a policy as a short table.
 */
export class Policy {
  private freeing: Promise<void> | undefined;

  private constructor(
    readonly programs: ProgramCache,
    readonly config: ModelConfig,
    readonly tokenizer: Tokenizer,
    private readonly source: CheckpointSource | undefined,
    /** Where the model was loaded from: a folder, or a name on the hub. */
    readonly origin: string | undefined,
    /** The trained parameters: the adapter, or all parameters. */
    private trained: SharedState,
    /** The parameters below an adapter. */
    private readonly frozen?: SharedState,
  ) {}

  /**
   * Copies parameters into the engine, quantised if the config says so.
   *
   * @param origin where they were loaded from; adapters on this model record it as their base
   * @throws InputError if the engine cannot store them this way
   */
  static async create(
    programs: ProgramCache,
    { config, parameters, tokenizer, source }: Checkpoint,
    origin?: string,
  ): Promise<Policy> {
    await requireHolding(programs.engine, config);
    return new Policy(programs, config, tokenizer, source, origin, await stateOf(programs, config, parameters));
  }

  /**
   * Loads a checkpoint folder in Hugging Face layout; see {@link loadCheckpoint} for the errors.
   *
   * @param origin the name by which adapters record this model as their base. Default: the folder
   * @param held how its matrices are stored. Default: in float32
   */
  static async load(programs: ProgramCache, folder: string, origin = folder, held?: QuantizedWeights): Promise<Policy> {
    const { config: stored, tokenizer, source, weights } = await openCheckpoint(folder);
    try {
      const config = withWeights(stored, held);
      await requireHolding(programs.engine, config);
      return new Policy(
        programs,
        config,
        tokenizer,
        source,
        origin,
        new SharedState(await programs.engine.createState(tensorsToHold(config, weights))),
      );
    } finally {
      await weights.close();
    }
  }

  /**
   * Loads a checkpoint folder as the base of adapters: if the same files are already loaded as a base on the same
   * engine, their parameters are shared and nothing is read again.
   */
  static async loadBase(
    programs: ProgramCache,
    folder: string,
    origin = folder,
    held?: QuantizedWeights,
  ): Promise<Policy> {
    const { config, tokenizer, source, state } = await holdBase(programs.engine, folder, held);
    return new Policy(programs, config, tokenizer, source, origin, state);
  }

  /**
   * States in which a program finds the parameters, under their own names. Call {@link prepareToWrite} before running a
   * program that updates them.
   */
  get states(): readonly State[] {
    return [this.held.trained, this.held.frozen].flatMap((shared) => shared?.state ?? []);
  }

  /** Whether it was freed, and can no longer be used. */
  get isFreed(): boolean {
    return this.freeing !== undefined;
  }

  /**
   * Returns this model with an adapter, which is then what is trained; replaces any adapter it already has.
   *
   * @param parameters the adapter's matrices; see {@link initialLora}
   */
  async withAdapter(adapter: LoraConfig, parameters: Parameters): Promise<Policy> {
    return this.beside({ ...this.config, adapter }, parameters, this.base);
  }

  /** Returns this model without its adapter. */
  withoutAdapter(): Policy {
    return new Policy(
      this.programs,
      withoutAdapter(this.config),
      this.tokenizer,
      this.source,
      this.origin,
      this.base.hold(),
    );
  }

  /** Returns this model with its trained parameters replaced by others of the same shapes. */
  async withParameters(parameters: Parameters): Promise<Policy> {
    return this.beside(this.config, parameters, this.held.frozen);
  }

  /**
   * Returns another handle on the same model: the receiver may free it, and this one stays valid.
   *
   * @param programs of the same engine; they plan the other handle's work
   */
  share(programs = this.programs): Policy {
    const { trained, frozen } = this.held;
    return new Policy(programs, this.config, this.tokenizer, this.source, this.origin, trained.hold(), frozen?.hold());
  }

  /** Copies of the trained parameters as they are now: the adapter's matrices, or all parameters, in float32. */
  async parameters(): Promise<Parameters> {
    return readHeld(this.config, this.held.trained.state);
  }

  /** Copies of all parameters in float32, with any adapter merged into them. */
  async mergedParameters(): Promise<Parameters> {
    const base = await readHeld(this.config, this.base.state);
    const { adapter } = this.config;
    return adapter ? mergeLora(this.config, adapter, base, await this.parameters()) : base;
  }

  /** Identifies the model as it is now. The base of an adapter is hashed once, however many policies use it. */
  async fingerprint(): Promise<ModelFingerprint> {
    const { trained, frozen } = this.held;
    const { stopIds } = this.tokenizer;
    return {
      config: configDigest(this.config),
      tokenizer: tokenizerDigest(this.tokenizer),
      ...(stopIds.length > 1 && { stops: stopIds.toSorted((a, b) => a - b) }),
      parameters: await stateDigest(trained.state),
      ...(this.config.weights && { weights: this.config.weights }),
      ...(frozen && { base: await frozen.digest() }),
    };
  }

  /** Replaces the trained parameters by others of the same shapes. */
  async replace(parameters: Parameters): Promise<void> {
    const replacement = await stateOf(this.programs, this.config, parameters);
    const replaced = this.trained;
    if (this.isFreed) await replacement.release();
    else this.trained = replacement;
    this.checkHeld();
    await replaced.release();
  }

  /**
   * Gives this policy its own trained parameters before a program updates them: shared ones are copied, so that the
   * other policies keep theirs. Not possible for quantised weights.
   */
  async prepareToWrite(): Promise<void> {
    requireTrainable(this.config);
    if (this.held.trained.isShared) await this.replace(await this.parameters());
    else this.trained.claim();
  }

  /**
   * Writes a checkpoint folder in Hugging Face layout, with any adapter merged and quantised weights written as their
   * float32 values, and keeps everything in the files it was loaded from; see {@link saveCheckpoint} for the options
   * and the errors.
   */
  async save(folder: string, options: WeightOptions = {}): Promise<void> {
    const { tokenizer, source } = this;
    const parameters = await this.mergedParameters();
    await saveCheckpoint(
      folder,
      { config: withoutAdapter(this.config), parameters, tokenizer, ...(source && { source }) },
      options,
    );
  }

  /**
   * Uploads the model to the Hugging Face hub: its weights, or only its adapter, its tokenizer and a model card. The
   * token is read from `HF_TOKEN`. `run.push` adds to the card how the model was trained.
   *
   * @param name `user/name`; created if it does not exist, and private unless `private: false`
   * @returns the address of its page, and the commit
   * @example await policy.push("me/aligned", { dtype: "bfloat16", datasets: ["trl-lib/ultrafeedback_binarized"] });
   * @throws InputError if there is no token, it lacks write access, the repository is public but was not meant to be,
   *   an adapter's model is not on the hub, or the hub cannot be reached. Called again, it sends what the hub lacks
   */
  async push(name: string, options: PushPolicyOptions = {}): Promise<Uploaded> {
    const { pushPolicy } = await import("./push.js");
    return pushPolicy(this, name, options);
  }

  /** Releases the memory that no other policy shares. Calling it again does nothing. */
  free(): Promise<void> {
    return (this.freeing ??= Promise.all([this.trained.release(), this.frozen?.release()]).then(() => {}));
  }

  /** {@link free}, for `await using policy = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.free();
  }

  async [displaySymbol](): Promise<MimeBundle> {
    return policyBundle(this.config, this.origin, await this.programs.engine.describe(), this.isFreed);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** One-line description of the model. */
  toString(): string {
    return `Policy(${modelLine(this.config, this.origin)}${this.isFreed ? ", freed" : ""})`;
  }

  /** All parameters except an adapter's. */
  private get base(): SharedState {
    const { trained, frozen } = this.held;
    return frozen ?? trained;
  }

  /** The states it holds in the engine, until it is freed. */
  private get held(): { readonly trained: SharedState; readonly frozen?: SharedState | undefined } {
    this.checkHeld();
    return { trained: this.trained, frozen: this.frozen };
  }

  private checkHeld(): void {
    if (!this.isFreed) return;
    const which = this.origin === undefined ? "this policy" : `the policy ${this.origin}`;
    throw new InputError(
      `${which} has been freed and cannot be used any more; load it again, or free it after its last use`,
    );
  }

  /** Returns another policy with its own trained parameters. */
  private async beside(config: ModelConfig, parameters: Parameters, below: SharedState | undefined): Promise<Policy> {
    const frozen = below?.hold();
    try {
      return new Policy(
        this.programs,
        config,
        this.tokenizer,
        this.source,
        this.origin,
        await stateOf(this.programs, config, parameters),
        frozen,
      );
    } catch (error) {
      await frozen?.release();
      throw error;
    }
  }
}

async function stateOf({ engine }: ProgramCache, config: ModelConfig, parameters: Parameters): Promise<SharedState> {
  return new SharedState(await engine.createState(parametersToHold(config, parameters)));
}

function withoutAdapter({ adapter: _, ...config }: ModelConfig): ModelConfig {
  return config as ModelConfig;
}
