import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { z } from "zod";
import { InputError } from "../../base/errors.js";
import { writeJson } from "../../base/files.js";
import { parseJson, readText } from "../../base/read-json.js";
import { reportedIfSlow, type TaskControls, type TaskOptions } from "../../base/task.js";
import { runJob } from "./job.js";
import { Jobs } from "./jobs.js";
import type { ResolvedRaySettings } from "./settings.js";
import { isThere, SharedStorage } from "../shared-storage.js";
import { pinned, protocol } from "./versions.js";

type Verb = "check" | "train" | "score" | "sample";

const checked = z.object({
  nonce: z.string(),
  protocol: z.number(),
  versions: z.record(z.string(), z.string().nullable()),
  resources: z.record(z.string(), z.number()),
});
const counted = z.object({ done: z.int(), total: z.int() });

/** A cluster that has been checked to meet a run's requirements. */
export class Cluster {
  private constructor(
    readonly settings: ResolvedRaySettings,
    readonly storage: SharedStorage,
    private readonly jobs: Jobs,
  ) {}

  /**
   * Checks a cluster before using it: a job server must answer, both sides must see the same storage, versions must
   * match the pinned ones, and the requested workers and GPUs must be available.
   *
   * @throws InputError naming the first requirement that is not met
   */
  static async connect(settings: ResolvedRaySettings, controls: TaskControls): Promise<Cluster> {
    const jobs = new Jobs(settings.origin, settings.patience);
    requireVersion(settings.origin, "ray", await jobs.rayVersion());
    const cluster = new Cluster(settings, new SharedStorage(settings.storage), jobs);
    await reportedIfSlow(`look at ${settings.origin}`, controls, () => cluster.check(controls.signal));
    return cluster;
  }

  /**
   * Runs a stage on the cluster, unless it is already done.
   *
   * @param files lines of the request's data files, by name
   * @param onLook called regularly while the cluster works, and once more at the end
   * @returns path of the stage's folder on this machine
   * @throws InputError as {@link runJob}, or if the job left no result; the signal's reason
   */
  async run(
    verb: Verb,
    request: object,
    files: Readonly<Record<string, Iterable<string>>>,
    { signal, onProgress }: TaskOptions,
    onLook?: (folder: string) => Promise<void>,
  ): Promise<string> {
    const stage = await this.storage.stage(verb, {
      ...files,
      "request.json": [JSON.stringify({ protocol, ...request })],
    });
    const folder = this.storage.path(stage);
    const look = async () => {
      await onLook?.(folder);
      const path = `${folder}/progress.json`;
      if (!onProgress || !(await isThere(path))) return;
      const { done, total } = parseJson(await readText(path, "progress"), counted, path);
      onProgress(done, total);
    };
    if (await isThere(`${folder}/result.json`)) await look();
    else {
      await runJob(this.jobs, `sera-${stage}`, this.command(verb, stage), signal, look);
      if (!(await isThere(`${folder}/result.json`)))
        throw new InputError(
          `${folder}: the job ended without a result; is this the storage that the cluster sees as ${this.settings.clusterStorage}?`,
        );
    }
    return folder;
  }

  private command(verb: Verb, stage: string): string {
    const { python, clusterStorage, workers, gpus } = this.settings;
    return `${python} -m sera_cluster ${verb} ${shellQuoted(clusterStorage)} ${stage} --workers ${workers} --gpus ${gpus}`;
  }

  private async check(signal: AbortSignal | undefined): Promise<void> {
    const { origin, storage, clusterStorage, workers, gpus } = this.settings;
    const nonce = randomUUID();
    const stage = `check-${nonce}`;
    const folder = this.storage.path(stage);
    try {
      await writeJson(`${folder}/request.json`, { protocol, nonce });
      await runJob(this.jobs, `sera-${stage}`, this.command("check", stage), signal);
      const path = `${folder}/result.json`;
      if (!(await isThere(path)))
        throw new InputError(
          `${storage}: what the cluster writes to ${clusterStorage} is not seen here; give a folder that both share`,
        );
      const found = parseJson(await readText(path, "what the cluster has"), checked, path);
      if (found.nonce !== nonce)
        throw new InputError(
          `${storage}: the cluster reads something else at ${clusterStorage}; give a folder that both share`,
        );
      if (found.protocol !== protocol)
        throw new InputError(
          `${origin}: its sera_cluster speaks protocol ${found.protocol}, this sera-lab ${protocol}; install the cluster/ folder of this one there`,
        );
      for (const name of Object.keys(pinned) as (keyof typeof pinned)[])
        requireVersion(origin, name, found.versions[name] ?? undefined);
      const has = (resource: string) => found.resources[resource] ?? 0;
      if (has("GPU") < workers * gpus)
        throw new InputError(
          `${origin}: found ${has("GPU")} GPUs, expected ${workers * gpus} for ${workers} workers of ${gpus}; lower gpus or workers, or add nodes`,
        );
      if (has("CPU") < workers)
        throw new InputError(
          `${origin}: found ${has("CPU")} CPUs, expected one for each of ${workers} workers; lower workers, or add nodes`,
        );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** @param found e.g. `2.15.0+cu130`; the build suffix is ignored */
function requireVersion(origin: string, name: keyof typeof pinned, found: string | undefined): void {
  if (found?.split("+")[0] === pinned[name]) return;
  const there = found === undefined ? `${name} is not installed` : `found ${name} ${found}`;
  throw new InputError(
    `${origin}: ${there}, expected ${pinned[name]}, with which results were checked; install the cluster/ folder of sera-lab there`,
  );
}

/** Quotes a command-line word for the shell that Ray uses. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
