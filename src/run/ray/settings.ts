import { resolve } from "node:path";
import { InputError, inputError, quote } from "../../base/errors.js";
import { quoteAddress } from "../../base/quote-address.js";
import { checkTargetSettings, flag, text, whole, type SettingCheck } from "../target-settings.js";

/** Number formats in which a cluster computes. */
export const precisions = ["float32", "bfloat16"] as const;

/** Settings of {@link ray}: the cluster's address, the shared storage, and the resources of a run. */
export interface RaySettings {
  /** Address of the head's job server: `http://host:8265` or, equivalently, `ray://host:8265`. */
  readonly address: string;
  /** A folder visible to this machine and every node of the cluster, for models, requests and results. */
  readonly storage: string;
  /**
   * The path of the same storage on the cluster, or a URL that fsspec opens, such as `s3://bucket/sera`. Default:
   * `storage`.
   */
  readonly clusterStorage?: string | undefined;
  /** Processes that train, score and sample. Default 1. */
  readonly workers?: number | undefined;
  /** GPUs per worker; 0 computes on CPUs. Default 0. */
  readonly gpus?: number | undefined;
  /** "float32" gives the numbers of the local engine; "bfloat16" trains in mixed precision, and scores and samples in it. Default "float32". */
  readonly precision?: (typeof precisions)[number] | undefined;
  /** Whether the workers of a training shard the parameters (FSDP) instead of holding a copy each. Default false. */
  readonly shard?: boolean | undefined;
  /** The Python executable on the cluster with `cluster/` installed. Default "python". */
  readonly python?: string | undefined;
  /** Seconds for which the head may be unreachable before the run gives up. Default 60. */
  readonly patience?: number | undefined;
}

/** The settings with their defaults. */
export type ResolvedRaySettings = { readonly [Name in keyof RaySettings]-?: NonNullable<RaySettings[Name]> } & {
  /** `http://host:port`. */
  readonly origin: string;
};

const checks: { readonly [Name in keyof Required<RaySettings>]: SettingCheck } = {
  address: text,
  storage: text,
  clusterStorage: text,
  workers: whole(1),
  gpus: whole(0),
  precision: [(value) => precisions.some((precision) => precision === value), precisions.join(" or ")],
  shard: flag,
  python: [(value) => typeof value === "string" && /^[\w./-]+$/.test(value), "the path or name of a Python"],
  patience: [(value) => typeof value === "number" && value >= 0 && value < Infinity, "seconds, from 0"],
};

/** @throws InputError naming the first setting that is unknown, missing or invalid */
export function resolveRaySettings(given: RaySettings): ResolvedRaySettings {
  checkTargetSettings("ray", given, checks, {
    address: "give that of the head, as in ray://host:8265",
    storage: "give a folder that this machine and the cluster both see",
  });
  const {
    address,
    storage,
    workers = 1,
    gpus = 0,
    precision = "float32",
    shard = false,
    python = "python",
    patience = 60,
  } = given;
  // A relative path would be relative to a different folder on the cluster.
  const { clusterStorage = resolve(storage) } = given;
  const scheme = /^(\w+):\/\//.exec(storage)?.[1];
  if (scheme !== undefined) {
    throw inputError(
      { file: storage },
      `a URL of ${scheme} as storage`,
      "a folder, since this side reads files alone; mount it, and give the URL as clusterStorage",
    );
  }
  if (shard && workers === 1)
    throw new InputError(
      "ray: shard: there is one worker, which shares nothing out; raise workers, or leave shard out",
    );
  return {
    address,
    storage,
    clusterStorage,
    workers,
    gpus,
    precision,
    shard,
    python,
    patience,
    origin: originOf(address),
  };
}

/** @throws InputError if the address is not that of a job server */
function originOf(address: string): string {
  const named = address.replace(/^ray:/, "http:");
  const url = URL.canParse(named) ? new URL(named) : undefined;
  const expected = "the head's job server, as in ray://host:8265 or http://host:8265";
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "")
    throw inputError({}, `the address ${quoteAddress(address)}`, expected);
  if (url.username !== "" || url.password !== "")
    throw inputError(
      {},
      `the address ${quoteAddress(address)} with a user or password`,
      `${expected}; a cluster's token is read from RAY_AUTH_TOKEN`,
    );
  if (url.port === "10001")
    throw inputError({}, `the address ${quote(address)}, whose port is that of Ray Client`, expected);
  return url.origin;
}
