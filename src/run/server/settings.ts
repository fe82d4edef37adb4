import { InputError } from "../../base/errors.js";
import { checkServerAddress } from "../../base/requests/server-address.js";
import { checkTargetSettings, flag, text, whole, type SettingCheck } from "../target-settings.js";

/** Settings of {@link modelServer}. */
export interface ModelServerSettings {
  /** Base URL of the API, such as `http://localhost:8000/v1`. */
  readonly address: string;
  /** The server's name of the model. Default: the only one that it lists. */
  readonly model?: string | undefined;
  /**
   * A folder visible to this machine and the server. The adapter of each iteration is copied there and loaded by the
   * server, so that the policy itself generates the responses; this needs vLLM (`--enable-lora`,
   * `VLLM_ALLOW_RUNTIME_LORA_UPDATING=True`). Default: the served model generates all responses, however the policy has
   * changed.
   */
  readonly adapters?: string | undefined;
  /** The path of the same folder on the server. Default: `adapters`. */
  readonly serverAdapters?: string | undefined;
  /**
   * Whether the server also computes log-probabilities of given responses. It needs the policy for that, so this
   * requires `adapters`. Default false.
   */
  readonly score?: boolean | undefined;
  /** Environment variable with the API key. Default: no key is sent. */
  readonly keyVariable?: string | undefined;
  /** Concurrent requests. Default 16. */
  readonly concurrency?: number | undefined;
  /** Timeout of a response in seconds, at most 300. Default 300. */
  readonly timeoutSeconds?: number | undefined;
}

/** The settings with their defaults. */
export interface ResolvedServerSettings extends ModelServerSettings {
  readonly score: boolean;
  readonly concurrency: number;
  readonly timeoutSeconds: number;
}

/** Timeout of `fetch` itself, in seconds. */
const longestWait = 300;

const checks: { readonly [Name in keyof Required<ModelServerSettings>]: SettingCheck } = {
  address: text,
  model: text,
  adapters: text,
  serverAdapters: text,
  score: flag,
  keyVariable: text,
  concurrency: whole(1),
  timeoutSeconds: whole(1, longestWait),
};

/** @throws InputError naming the first setting that is unknown, missing or invalid */
export function resolveServerSettings(given: ModelServerSettings): ResolvedServerSettings {
  checkTargetSettings("modelServer", given, checks, { address: "give one such as http://localhost:8000/v1" });
  checkServerAddress(given.address, "modelServer: address");
  const { score = false, concurrency = 16, timeoutSeconds = longestWait } = given;
  if (given.adapters === undefined && given.serverAdapters !== undefined)
    throw new InputError("modelServer: `serverAdapters` says how the server sees `adapters`; give that too");
  if (given.adapters === undefined && score)
    throw new InputError(
      "modelServer: `score` needs `adapters`: a server that keeps its own model cannot tell the policy's log-probabilities",
    );
  return { ...given, address: given.address.replace(/\/+$/, ""), score, concurrency, timeoutSeconds };
}
