import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { errorAt, inputError } from "../../../base/errors.js";
import { isWeightFile } from "../weight-files.js";
import { isGgufName, partsOfFile, quantizationLabel } from "./file-names.js";

/**
 * Finds the GGUF file that a path stands for: the path itself, judged by its name, or the only one in a folder without
 * safetensors.
 *
 * @returns undefined if it is a checkpoint in Hugging Face layout, or nothing
 * @throws InputError if a folder has several
 */
export async function findGguf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return isGgufName(path) ? path : undefined;
  const names = await readdir(path);
  if (names.some(isWeightFile)) return undefined;
  const first = chooseGguf(names, path)[0];
  return first === undefined ? undefined : join(path, first);
}

/**
 * Selects the files of one model among several: the only one, or the one in a quantisation.
 *
 * @param paths only those ending in `.gguf` count, except the projectors that accompany vision models
 * @param place where they are, for the errors
 * @param quantization as in the files' names, such as `Q8_0`, in any case
 * @returns all parts of the model, empty if there is no GGUF
 * @throws InputError if there are several models, or none in this quantisation
 */
export function chooseGguf(paths: readonly string[], place: string, quantization?: string): string[] {
  const files = paths.filter((path) => isGgufName(path) && !basename(path).startsWith("mmproj")).toSorted();
  const models = [...new Set(files.map((path) => partsOfFile(path)[0]!))];
  if (models.length === 0) return [];
  const labels = [...new Set(models.map(labelOf))];
  const fitting =
    quantization === undefined ? models : models.filter((path) => labelOf(path) === quantization.toUpperCase());
  if (fitting.length === 0)
    throw inputError({ file: place }, `no GGUF file in ${quantization}`, `one of ${labels.join(", ")}`);
  if (fitting.length > 1) {
    const names = fitting.slice(0, 4).join(", ") + (fitting.length > 4 ? ` and ${fitting.length - 4} more` : "");
    throw errorAt(
      { file: place },
      `several GGUF files: ${names}; name one by its path, or on the hub by its quantisation, such as org/name:${labels[0]}`,
    );
  }
  const parts = partsOfFile(fitting[0]!);
  const missing = parts.find((part) => !files.includes(part));
  if (missing !== undefined)
    throw errorAt({ file: place }, `${missing} is missing, one of the ${parts.length} parts of the model`);
  return parts;
}

/** Quantisation in a file's name, or the name itself if it has none. */
function labelOf(path: string): string {
  return quantizationLabel(basename(path)) ?? basename(path);
}
