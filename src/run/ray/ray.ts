import { InputError } from "../../base/errors.js";
import type { ComputeTarget } from "../executor.js";
import { checkRemoteTraining, pairsAreDrawn, refuseColumns } from "./check-remote.js";
import { Cluster } from "./cluster.js";
import { RayExecutor } from "./ray-executor.js";
import { resolveRaySettings, type RaySettings } from "./settings.js";
import { pinned } from "./versions.js";

export type { RaySettings } from "./settings.js";

/**
 * Creates a compute target for a Ray cluster: TRL trains there, transformers or vLLM score and sample, through the
 * Python package in `cluster/`. The run's folder, selection, labels, tables and plots are the same as for a local run;
 * docs/cluster.md lists what differs.
 *
 * @example const run = await sera(start, pairs, { heldOut, on: ray({ address: "ray://localhost:8265", storage: "/mnt/shared/sera", workers: 8, gpus: 1 }) });
 * @throws InputError if a setting is unknown, missing or invalid
 */
export function ray(settings: RaySettings): ComputeTarget {
  const resolved = resolveRaySettings(settings);
  return {
    // Not the number of workers: like this machine's memory, it only changes floating-point noise.
    identity: { ray: { trl: pinned.trl, transformers: pinned.transformers, precision: resolved.precision } },
    check({ start, objective, training, pairs, demonstrations, columns, method, drawsPairs }) {
      if (drawsPairs) throw pairsAreDrawn(`the method ${method}`);
      checkRemoteTraining(objective, training, start.config, resolved);
      if (columns)
        throw new InputError(
          `columns: the rule ${columns.name} gives pairs columns, which TRL's losses do not read; leave it out, or train on this machine`,
        );
      if (demonstrations)
        throw new InputError(
          "demonstrations: a cluster trains on pairs alone; fine-tune on this machine first, by sft, and begin from what that leaves",
        );
      refuseColumns(pairs);
    },
    open: async (start, memory, controls) => new RayExecutor(await Cluster.connect(resolved, controls), start, memory),
  };
}
