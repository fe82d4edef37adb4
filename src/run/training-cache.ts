import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { StepRecord } from "../align/trainer.js";
import { InputError } from "../base/errors.js";
import { writeCached } from "../base/cached-file.js";
import { isMissing, readTextIfPresent, writeFileAtomic } from "../base/files.js";
import type { ExecutedTraining } from "./executor.js";
import { runLayout } from "./folder/layout.js";
import { RunFolder } from "./folder/run-folder.js";
import type { LoggedStep } from "./logged-step.js";
import { resultsRevision } from "./results-revision.js";

/** An entry of the cache: where a finished training is found. */
const entry = z.object({
  digest: z.string(),
  /** The run's folder, relative to that of the cache. */
  run: z.string(),
  /** SHA-256 of the files of the model, by name. */
  files: z.record(z.string(), z.string()),
  seconds: z.object({ training: z.number(), evaluation: z.number(), sampling: z.number() }),
});

type Entry = z.output<typeof entry>;

/** Which training of a run it is. */
type TrainingPhase = Pick<LoggedStep, "phase" | "iteration">;

/** Inputs of a training by which it is recognised in another run. */
export interface TrainingInputs {
  /** Identifies the models and the objective. */
  readonly identity: unknown;
  readonly options: object;
  /** The name of the stream of random numbers. */
  readonly stream: string;
  /** How the training fits into memory, on which the order of its sums depends. */
  readonly memory: object;
  readonly examples: readonly unknown[];
  readonly validation: readonly unknown[];
}

/** A training that another run has finished. */
export interface FinishedTraining {
  /** Its steps are those that were logged; its model is in the run's folder already. */
  readonly training: ExecutedTraining;
  /** Folder of the run that trained it. */
  readonly run: string;
  /** Seconds that it took. */
  readonly seconds: number;
}

/**
 * Trainings that runs have in common, such as the first iteration of SeRA with different selections. The cache has only
 * the places of finished trainings: a run copies the model and the steps from the folder of the run that trained it, as
 * long as that is there.
 */
export class TrainingCache {
  constructor(
    private readonly folder: string,
    private readonly run: RunFolder,
  ) {}

  /** Returns the digest of a training. */
  digest({ examples, validation, ...inputs }: TrainingInputs): string {
    const hash = createHash("sha256").update(`training ${resultsRevision} ${JSON.stringify(inputs)}`);
    for (const rows of [examples, validation]) {
      hash.update(`\n${rows.length}`);
      for (const row of rows) hash.update(`\n${JSON.stringify(row, plain)}`);
    }
    return hash.digest("hex").slice(0, 32);
  }

  /**
   * Copies the model of the same training from another run.
   *
   * @param training the training, not begun
   * @returns the training with its steps as the other run logged them; undefined if no run has finished it, or its files
   *   were removed or changed since
   */
  async finished(digest: string, at: TrainingPhase, training: ExecutedTraining): Promise<FinishedTraining | undefined> {
    const found = await this.read(digest);
    const steps = found && (await this.copied(found, at));
    if (!steps) return undefined;
    const { evaluation, sampling } = found.seconds;
    return {
      training: {
        ...(training.memory && { memory: training.memory }),
        total: training.total,
        evaluationSeconds: evaluation,
        samplingSeconds: sampling,
        steps: async function* () {
          yield* steps;
        },
        save: async () => undefined,
        end: () => training.end(),
      },
      run: resolve(this.folder, found.run),
      seconds: found.seconds.training + evaluation + sampling,
    };
  }

  /**
   * Stores where a training of this run is found.
   *
   * @param onNote told if the cache cannot be written, and why
   */
  async keep(digest: string, { iteration }: TrainingPhase, onNote: (text: string) => void): Promise<void> {
    const of = (kind: string) => this.run.secondsOf(iteration, kind);
    const files = this.run.sealsIn(runLayout.iteration(iteration).model);
    const run = relative(resolve(this.folder), resolve(this.run.path));
    const seconds = { training: of("training"), evaluation: of("evaluation"), sampling: of("sampling") };
    await writeCached(this.folder, `${digest}.json`, { digest, run, files, seconds }, onNote);
  }

  private async read(digest: string): Promise<Entry | undefined> {
    try {
      const found = entry.parse(JSON.parse((await readTextIfPresent(join(this.folder, `${digest}.json`))) ?? ""));
      return found.digest === digest ? found : undefined;
    } catch {
      // Whatever is damaged is trained again, and replaced.
      return undefined;
    }
  }

  /** Copies the model that is found in another run, and returns the steps of its training. */
  private async copied({ run, files }: Entry, at: TrainingPhase): Promise<readonly StepRecord[] | undefined> {
    const { model } = runLayout.iteration(at.iteration);
    let other: RunFolder;
    let steps: readonly StepRecord[];
    try {
      other = await RunFolder.open(resolve(this.folder, run));
      if (!isDeepStrictEqual(other.sealsIn(model), files)) return undefined;
      steps = (await other.readRowsIfPresent(runLayout.metrics)).flatMap(({ phase, iteration, ...step }) =>
        phase === at.phase && iteration === at.iteration ? [step as unknown as StepRecord] : [],
      );
    } catch (error) {
      if (error instanceof InputError || isMissing(error)) return undefined;
      throw error;
    }
    for (const [name, sha256] of Object.entries(files)) {
      const path = `${model}/${name}`;
      if (await this.copy(other.file(path), this.run.file(path), sha256)) continue;
      await rm(this.run.file(model), { recursive: true, force: true });
      return undefined;
    }
    return steps;
  }

  /** Copies a file, and returns whether it is there with this digest. */
  private async copy(from: string, to: string, sha256: string): Promise<boolean> {
    const hash = createHash("sha256");
    try {
      await writeFileAtomic(to, hashed(from, hash));
      return hash.digest("hex") === sha256;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}

/** Writes typed arrays as arrays, which JSON writes as objects otherwise. */
const plain = (_: string, value: unknown) => (ArrayBuffer.isView(value) ? [...(value as Float64Array)] : value);

/** Reads a file, and adds its bytes to a hash. */
async function* hashed(path: string, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    yield chunk;
  }
}
