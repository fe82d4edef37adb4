import { inputError, InputError, quote } from "../../base/errors.js";
import { anthropic } from "./anthropic.js";
import { openai } from "./openai.js";
import type { Tokens } from "./budget.js";

/** A model's answer to one message. */
export interface Reply {
  readonly text: string;
  /** Whether the limit of tokens cut it off. */
  readonly cut: boolean;
  /** Undefined where the server does not say. */
  readonly used: Tokens | undefined;
}

/** Sends one message and takes the answer, once: no tries again. Throws what the SDK throws. */
export type Send = (text: string, signal: AbortSignal) => Promise<Reply>;

/** What a connection is made of. */
export interface Connection {
  readonly model: string;
  /** Undefined for the maker's own. */
  readonly baseUrl: string | undefined;
  /** Undefined where none is sent. */
  readonly key: string | undefined;
  /** Null: the model's own. */
  readonly temperature: number | null;
  readonly maxTokens: number;
}

/** A kind of server: where it is, which key it takes, and how it is asked. */
export interface Provider {
  readonly address: string;
  readonly keyVariable: string;
  /** Loads the maker's SDK, and makes no request. */
  connect(connection: Connection): Promise<Send>;
}

/** The kinds of servers that are known. */
export const providers = { anthropic, openai } satisfies Readonly<Record<string, Provider>>;

export type ProviderName = keyof typeof providers;

/** A model that judges, by its server. */
export interface JudgeModel {
  readonly provider: ProviderName;
  readonly model: string;
  /** Another server that speaks the same, as vLLM's or Ollama's `http://localhost:11434/v1`. Default: the maker's. */
  readonly baseUrl?: string;
  /**
   * The environment variable that holds its key. Default: `ANTHROPIC_API_KEY` and `OPENAI_API_KEY` for the makers' own
   * servers; none for another, which is not to be given a key that is not meant for it.
   */
  readonly keyVariable?: string;
}

/**
 * Reads `provider:model`, or checks the parts.
 *
 * @throws InputError an unknown provider, no model, an address that is none
 */
export function parseJudgeModel(model: string | JudgeModel): JudgeModel {
  const expected = `provider:model, the provider one of ${Object.keys(providers).join(", ")}`;
  const [, name, rest] = typeof model === "string" ? (/^([^:]*):(.*)$/s.exec(model) ?? []) : [undefined, model.provider, model.model];
  if (name === undefined || !Object.hasOwn(providers, name)) throw inputError({ file: "judge" }, quote(name ?? model), expected);
  if (!rest) throw inputError({ file: "judge" }, `${quote(name)} without a model`, expected);
  const parts = { ...(typeof model === "object" && model), provider: name as ProviderName, model: rest };
  if (parts.baseUrl !== undefined) checkAddress(parts.baseUrl);
  return parts;
}

function checkAddress(baseUrl: string): void {
  const expected = "the address of a server, as http://localhost:8000/v1";
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw inputError({ file: "baseUrl" }, quote(baseUrl), expected);
  // Not quoted: it is a password.
  if (url.username || url.password) throw inputError({ file: "baseUrl" }, "an address with a user or password", `${expected}, and the key in keyVariable`);
}

/** The environment variable that holds the key of a model; undefined where none is sent. */
export function keyVariableOf({ provider, baseUrl, keyVariable }: JudgeModel): string | undefined {
  return keyVariable ?? (baseUrl === undefined ? providers[provider].keyVariable : undefined);
}

/**
 * The key of a model from the environment; undefined where none is sent.
 *
 * @throws InputError naming the variable that is not set, or that holds what cannot be a key; the key is not told
 */
export function keyOf(asked: JudgeModel): string | undefined {
  const variable = keyVariableOf(asked);
  if (variable === undefined) return undefined;
  const key = process.env[variable]?.trim();
  if (!key) throw new InputError(`${asked.provider}:${asked.model}: found no key, expected it in the environment variable ${variable}`);
  // Such a one cannot be sent, and the error of the one who tries would quote it.
  if (/[^\x21-\x7e]/.test(key)) throw new InputError(`${variable}: found characters that no key has, expected the key and nothing else`);
  return key;
}
