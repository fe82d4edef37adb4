import { errorAt, InputError, quote } from "../base/errors.js";
import type { TaskOptions } from "../base/task.js";
import { repositoryName } from "../hub/repository-name.js";
import { hubFiles, type DatasetPart } from "./hub-files.js";

/** Selects a part of a dataset on the hub. */
export interface SourceOptions extends DatasetPart, TaskOptions {
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string;
}

/** Returns the name of a source. @throws InputError if it is not a string, as in an untyped notebook cell */
export function requireSource(source: unknown): string {
  if (typeof source === "string" && source !== "") return source;
  throw new InputError(`source: found ${quote(source)}, expected the path of a file, or org/name on the hub`);
}

/**
 * Yields the files of a source, each as soon as it is available.
 *
 * @param source a file, or a dataset of the hub: `org/name` or `org/name@revision`
 * @throws InputError if part of a local file is requested; otherwise as {@link hubFiles}
 */
export async function* sourceFiles(
  source: string,
  { revision, config, split, ...work }: SourceOptions,
): AsyncGenerator<string> {
  const name = await repositoryName(requireSource(source), "dataset", revision);
  if (name) {
    yield* hubFiles(name, { config, split }, work);
    return;
  }
  for (const [option, value] of Object.entries({ config, split })) {
    if (value !== undefined)
      throw errorAt({ file: source }, `this is a file; ${option} applies only to datasets on the hub (org/name)`);
  }
  yield source;
}
