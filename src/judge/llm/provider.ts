import { inputError, quote } from "../../base/errors.js";
import { apiKeyIn } from "../../base/requests/api-key.js";
import { checkServerAddress } from "../../base/requests/server-address.js";
import { anthropic } from "./anthropic.js";
import { openai } from "./openai.js";
import type { Tokens } from "./budget.js";

/** A model's reply to one message. */
export interface Reply {
  readonly text: string;
  /** Whether the token limit cut it off. */
  readonly cut: boolean;
  /** Undefined if the server does not report it, or reports anything but counts. */
  readonly used: Tokens | undefined;
}

/** Sends one message and returns the reply, without retries. Throws what the SDK throws. */
export type Send = (text: string, signal: AbortSignal) => Promise<Reply>;

/** Settings of a connection. */
export interface Connection {
  readonly model: string;
  /** Undefined for the provider's own server. */
  readonly baseUrl: string | undefined;
  /** Undefined if no key is sent. */
  readonly key: string | undefined;
  /** Null to use the model's default. */
  readonly temperature: number | null;
  readonly maxTokens: number;
}

/** An API: its default address, the environment variable with its key, and how to connect. */
export interface Provider {
  readonly address: string;
  readonly keyVariable: string;
  /** Loads the provider's SDK; sends no request. */
  connect(connection: Connection): Promise<Send>;
}

/** The supported APIs. */
export const providers = { anthropic, openai } satisfies Readonly<Record<string, Provider>>;

export type ProviderName = keyof typeof providers;

/** The model of an LLM judge. */
export interface JudgeModel {
  readonly provider: ProviderName;
  readonly model: string;
  /** Another server with the same API, such as vLLM's or Ollama's `http://localhost:11434/v1`. Default: the provider's. */
  readonly baseUrl?: string;
  /**
   * The environment variable with the API key. Default: `ANTHROPIC_API_KEY` and `OPENAI_API_KEY` for the providers' own
   * servers; none for other servers, so that they do not receive a key that is not meant for them.
   */
  readonly keyVariable?: string;
}

/**
 * Parses `provider:model`, or validates the parts.
 *
 * @throws InputError for an unknown provider, a missing model or an invalid address
 */
export function parseJudgeModel(model: string | JudgeModel): JudgeModel {
  const expected = `provider:model, where provider is one of ${Object.keys(providers).join(", ")}`;
  const [, name, rest] =
    typeof model === "string" ? (/^([^:]*):(.*)$/s.exec(model) ?? []) : [undefined, model.provider, model.model];
  if (name === undefined || !Object.hasOwn(providers, name))
    throw inputError({ file: "judge" }, quote(name ?? model), expected);
  if (!rest) throw inputError({ file: "judge" }, `${quote(name)} without a model`, expected);
  const parts = { ...(typeof model === "object" && model), provider: name as ProviderName, model: rest };
  if (parts.baseUrl !== undefined) checkServerAddress(parts.baseUrl, "baseUrl");
  return parts;
}

/** The environment variable with the key of a model; undefined if no key is sent. */
export function keyVariableOf({ provider, baseUrl, keyVariable }: JudgeModel): string | undefined {
  return keyVariable ?? (baseUrl === undefined ? providers[provider].keyVariable : undefined);
}

/**
 * The key of a model from the environment; undefined if no key is sent.
 *
 * @throws InputError naming the variable if it is not set or cannot be a key; the key itself is not shown
 */
export function keyOf(asked: JudgeModel): string | undefined {
  const variable = keyVariableOf(asked);
  if (variable === undefined) return undefined;
  return apiKeyIn(variable, `${asked.provider}:${asked.model}`);
}
