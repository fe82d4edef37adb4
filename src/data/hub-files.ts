import { errorAt, InputError, quote } from "../base/errors.js";
import type { TaskOptions } from "../base/task.js";
import { TimeLimitError, withinSeconds } from "../base/time-limit.js";
import { openRepository, type Repository } from "../hub/repository.js";
import { describeRepository, mainRevision, type RepositoryName } from "../hub/repository-name.js";
import { convertedSplits, datasetSplits, type DatasetSplits } from "./hub-splits.js";

/** Selects a part of a dataset on the hub. */
export interface DatasetPart {
  /** Configuration ("subset"), or a folder of the repository. Default: the dataset's default configuration, or its only one. */
  readonly config?: string | undefined;
  /** Default: the only split, or `train`. */
  readonly split?: string | undefined;
}

const conversionBranch = "refs/convert/parquet";

/**
 * Downloads the files of a split to the cache, one at a time as the caller requests them. For a dataset in other file
 * formats, uses the hub's own Parquet conversion.
 *
 * @param work `onProgress` receives bytes, over all files of the split
 * @throws InputError if there is no such configuration or split (the error lists those that exist), or no readable rows;
 *   otherwise as {@link openRepository}
 */
export async function* hubFiles(
  name: RepositoryName,
  part: DatasetPart,
  work: TaskOptions = {},
): AsyncGenerator<string> {
  let repository = await openRepository(name, work.signal);
  let splits = splitsOf(repository, name);
  if (splits.configs.size === 0) {
    const rows = "JSON Lines or Parquet";
    if (name.revision !== mainRevision) {
      throw errorAt(
        { file: describeRepository(name) },
        `no ${rows} files at this revision; the hub converts other formats only on ${mainRevision}: leave the revision out`,
      );
    }
    const conversion = { ...name, revision: conversionBranch };
    repository = await openRepository(conversion, work.signal).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      throw errorAt(
        { file: name.name },
        `the dataset has no ${rows} files, and the hub's Parquet conversion is not available (${error.message})`,
        error,
      );
    });
    splits = convertedSplits(repository.paths);
    if (splits.configs.size === 0)
      throw errorAt(
        { file: name.name },
        `the dataset has no ${rows} files, and neither has the hub's Parquet conversion`,
      );
  }
  yield* repository.download(filesOf(splits, part, name), work);
}

/** Seconds allowed for matching the patterns of a dataset card against the files; hostile patterns may never finish. */
const longestMatching = 10;

function splitsOf({ paths, card }: Repository, name: RepositoryName): DatasetSplits {
  try {
    return withinSeconds(longestMatching, () => datasetSplits(paths, card));
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    throw errorAt(
      { file: describeRepository(name) },
      `the patterns in the dataset's card take more than ${longestMatching} s to match its ${paths.length} files`,
      error,
    );
  }
}

/** The files of the selected split, in order. */
function filesOf({ configs, usual }: DatasetSplits, part: DatasetPart, name: RepositoryName): readonly string[] {
  const place = { file: describeRepository(name) };
  const config = part.config ?? usual;
  const splits = config === undefined ? undefined : configs.get(config);
  if (!splits) {
    const problem = part.config === undefined ? "several configurations" : `no configuration ${quote(part.config)}`;
    throw errorAt(place, `${problem}; set config to one of ${list(configs.keys())}`);
  }
  const split = part.split ?? (splits.size === 1 ? [...splits.keys()][0]! : "train");
  const files = splits.get(split);
  if (files) return files;
  const problem = part.split === undefined ? "no split given" : `no split ${quote(part.split)}`;
  throw errorAt(
    place,
    `${problem}; set split to one of ${list(splits.keys())}${configs.size > 1 ? `, or choose another config than ${quote(config)}` : ""}`,
  );
}

function list(names: Iterable<string>): string {
  const all = [...names].map((name) => quote(name));
  return `${all.slice(0, 20).join(", ")}${all.length > 20 ? `, … (${all.length} in all)` : ""}`;
}
