import { InputError } from "../../base/errors.js";
import { checkServerAddress } from "../../base/requests/server-address.js";
import { checkTargetSettings, flag, text, whole, type SettingCheck } from "../target-settings.js";

/** A server that speaks OpenAI's API, and what it is asked for. */
export interface ModelServerSettings {
  /** Base URL of the API, such as `http://localhost:8000/v1`. */
  readonly address: string;
  /** What the server calls the model. Default: the only one that it lists. */
  readonly model?: string | undefined;
  /**
   * A folder that this machine and the server see. The adapter of each iteration is put there, and the server told to load
   * it, so that the policy itself writes: vLLM's way (`--enable-lora`, `VLLM_ALLOW_RUNTIME_LORA_UPDATING=True`). Default: the
   * served model writes all responses, whatever the policy has become.
   */
  readonly adapters?: string | undefined;
  /** The same folder as the server sees it. Default: `adapters`. */
  readonly serverAdapters?: string | undefined;
  /** Whether the server also tells log-probabilities of given responses. It has to have the policy for that, so it needs `adapters`. Default false. */
  readonly score?: boolean | undefined;
  /** Environment variable that holds the API key. Default: none is sent. */
  readonly keyVariable?: string | undefined;
  /** Concurrent requests. Default 16. */
  readonly concurrency?: number | undefined;
  /** Seconds that a response may take, at most 300. Default 300. */
  readonly timeoutSeconds?: number | undefined;
}

/** The settings with their defaults. */
export interface ResolvedServerSettings extends ModelServerSettings {
  readonly score: boolean;
  readonly concurrency: number;
  readonly timeoutSeconds: number;
}

/** Seconds after which `fetch` itself gives up on a response. */
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

/** @throws InputError naming the first setting that is unknown, missing or not what it may be */
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
