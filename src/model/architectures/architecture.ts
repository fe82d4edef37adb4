import type { Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { Module } from "./modules.js";
import type { Network } from "./network.js";
import type { Attention } from "./parts/attention.js";
import type { ExpertNames } from "./parts/experts.js";

/** Tokens and their positions. */
export interface PlacedTokens {
  /** int32 [batch, length] */
  readonly tokens: Value;
  /** int32 [batch, length] */
  readonly position: Value;
  /** Upper limit of the positions, exclusive. */
  readonly positions: number;
}

/** The properties in which one family of decoder-only transformers differs from another. */
export interface Architecture<Config extends ModelConfig> {
  /** The class in transformers, as `architectures` in config.json names it. */
  readonly className: string;
  /** Prefix of the names of all parameters except the head's. */
  readonly base: string;
  /** Module of the token embedding. */
  readonly embedding: string;
  /** Module of an untied head. */
  readonly head: string;
  /** Names of its experts, if it has any. */
  readonly experts?: ExpertNames;
  /**
   * Parses the fields of a config.json.
   *
   * @param file path for the errors
   * @throws InputError if a field is missing or asks for something unsupported
   */
  parse(fields: unknown, file: string): Config;
  /** The fields of config.json that `parse` reads, besides those that all architectures share. */
  fields(config: Config): Record<string, unknown>;
  /** Every module in layer order; includes the head only if it is untied. */
  modules(config: Config): Module[];
  /**
   * The transformer without its head.
   *
   * @returns normalised hidden states [batch·length, hidden]
   */
  decode(config: Config, network: Network, tokens: PlacedTokens, attention: Attention): Value;
}
