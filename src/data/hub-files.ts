import { InputError, inputError, quote } from "../base/errors.js";
import type { TaskOptions } from "../base/task.js";
import { openRepository } from "../hub/repository.js";
import { describeRepository, mainRevision, type RepositoryName } from "../hub/repository-name.js";
import { convertedSplits, datasetSplits, type DatasetSplits } from "./hub-splits.js";

/** Which part of a dataset of the hub is meant. */
export interface DatasetPart {
  /** Configuration ("subset"), or a folder of the repository; default the usual one, or the only one. */
  readonly config?: string;
  /** Default `train`, or the only one. */
  readonly split?: string;
}

const conversionBranch = "refs/convert/parquet";

/**
 * Brings the files of a split from the hub to the cache, one by one as they are asked for. A dataset that keeps its
 * rows in other forms is read from the Parquet files that the hub makes of it.
 *
 * @param work `onProgress` is told bytes, of all files of the split
 * @throws InputError where there is no such configuration or split, with those that there are, or no rows that can be
 *   read; see {@link openRepository} for the others
 */
export async function* hubFiles(name: RepositoryName, part: DatasetPart, work: TaskOptions = {}): AsyncGenerator<string> {
  let repository = await openRepository(name, work.signal);
  let splits = datasetSplits(repository.paths, repository.card);
  if (splits.configs.size === 0) {
    const rows = "JSON Lines or Parquet";
    if (name.revision !== mainRevision) {
      throw inputError({ file: describeRepository(name) }, `no ${rows}`, `files of rows, or no revision: the hub converts ${mainRevision} only`);
    }
    const conversion = { ...name, revision: conversionBranch };
    repository = await openRepository(conversion, work.signal).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      throw inputError({ file: name.name }, `no ${rows}, and no conversion by the hub (${error.message})`, `a dataset of ${rows}`, error);
    });
    splits = convertedSplits(repository.paths);
  }
  yield* repository.download(filesOf(splits, part, name), work);
}

/** The files that are meant, in their order. */
function filesOf({ configs, usual }: DatasetSplits, part: DatasetPart, name: RepositoryName): readonly string[] {
  const place = { file: describeRepository(name) };
  const config = part.config ?? usual;
  const splits = config === undefined ? undefined : configs.get(config);
  if (!splits) {
    const found = part.config === undefined ? "no config" : `config ${quote(part.config)}`;
    throw inputError(place, found, `one of ${list(configs.keys())}`);
  }
  const split = part.split ?? (splits.size === 1 ? [...splits.keys()][0]! : "train");
  const files = splits.get(split);
  if (files) return files;
  const found = part.split === undefined ? "no split" : `split ${quote(part.split)}`;
  throw inputError(place, found, `one of ${list(splits.keys())}${configs.size > 1 ? `, or another config than ${quote(config)}` : ""}`);
}

function list(names: Iterable<string>): string {
  const all = [...names].map((name) => quote(name));
  return `${all.slice(0, 20).join(", ")}${all.length > 20 ? `, … (${all.length} in all)` : ""}`;
}
