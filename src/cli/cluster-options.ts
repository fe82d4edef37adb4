import { Option, type Command } from "commander";
import { InputError } from "../base/errors.js";
import type { ComputeTarget } from "../run/executor.js";
import { ray } from "../run/ray/ray.js";
import { precisions, type RaySettings } from "../run/ray/settings.js";
import { flagOf, whole } from "./options.js";

/** Where a run's work is done. */
export interface ClusterArguments extends Partial<Omit<RaySettings, "address" | "python" | "patience">> {
  readonly on?: string;
  readonly clusterPython?: string;
}

const settings = [
  "storage",
  "clusterStorage",
  "workers",
  "gpus",
  "precision",
  "shard",
  "clusterPython",
] as const satisfies readonly (keyof ClusterArguments)[];

export function clusterOptions(command: Command): Command {
  return command
    .optionsGroup("Cluster:")
    .option(
      "--on <address>",
      "train, score and sample on the Ray cluster with this job server, such as ray://host:8265 (default: on this machine)",
    )
    .option("--storage <folder>", "folder that both this machine and the cluster can access")
    .option(
      "--cluster-storage <path>",
      "the same storage under its name on the cluster: a path, or a URL such as s3://bucket/folder (default: --storage)",
    )
    .option("--workers <n>", "processes on the cluster (default: 1)", whole(1))
    .option("--gpus <n>", "GPUs per process (default: 0)", whole(0))
    .addOption(
      new Option("--precision <type>", "floating-point type that the cluster computes in (default: float32)").choices(
        precisions,
      ),
    )
    .option("--shard", "shard the parameters across the workers (FSDP) instead of keeping a copy on each")
    .option(
      "--cluster-python <path>",
      "Python interpreter on the cluster that has cluster/ installed (default: python)",
    );
}

/**
 * The target that `--on` names; undefined for this machine.
 *
 * @throws InputError if a flag is invalid, or given without `--on`
 */
export function computeTargetOf({ on, clusterPython: python, ...given }: ClusterArguments): ComputeTarget | undefined {
  if (on === undefined) {
    const lonely = settings.find((name) => (name === "clusterPython" ? python : given[name]) !== undefined);
    if (lonely !== undefined) throw new InputError(`${flagOf(lonely)}: there is no cluster; give --on too`);
    return undefined;
  }
  const { storage, clusterStorage, workers, gpus, precision, shard } = given;
  if (storage === undefined)
    throw new InputError("--on: a cluster reads and writes files that this machine sees too; give --storage");
  return ray({ address: on, storage, clusterStorage, workers, gpus, precision, shard, python });
}
