import type { Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { Module } from "./modules.js";
import type { Network } from "./network.js";
import type { Attention } from "./parts/attention.js";
import type { ExpertNames } from "./parts/experts.js";

/** Tokens and where they stand. */
export interface PlacedTokens {
  /** int32 [batch, length] */
  readonly tokens: Value;
  /** int32 [batch, length] */
  readonly position: Value;
  /** Every position is below it. */
  readonly positions: number;
}

/** What tells one family of decoder-only transformers from another. */
export interface Architecture<Config extends ModelConfig> {
  /** The class in transformers, as `architectures` in config.json names it. */
  readonly className: string;
  /** What the names of all parameters but the head's begin with. */
  readonly base: string;
  /** Module of the embedding of tokens. */
  readonly embedding: string;
  /** Module of a head of its own. */
  readonly head: string;
  /** What its experts are called, where it has any. */
  readonly experts?: ExpertNames;
  /**
   * The config from the fields of a config.json.
   *
   * @param file path for the errors
   * @throws InputError where a field is missing or asks for what is not supported
   */
  parse(fields: unknown, file: string): Config;
  /** The fields of config.json that say what `parse` reads, beside those of all architectures. */
  fields(config: Config): Record<string, unknown>;
  /** Every module in the order of the layers, the head only where it is not tied. */
  modules(config: Config): Module[];
  /**
   * The transformer without its head.
   *
   * @returns normed hidden states [batch·length, hidden]
   */
  decode(config: Config, network: Network, tokens: PlacedTokens, attention: Attention): Value;
}
