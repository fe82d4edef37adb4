import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { inputError, missingError, quote } from "../../base/errors.js";
import { isMissing } from "../../base/files.js";
import { parseJson, readText } from "../../base/read-json.js";
import { SafetensorsFile } from "./safetensors/safetensors-file.js";
import type { TensorInfo, TensorSource } from "./tensor-source.js";

/** The single file with all weights of a model. */
export const weightsFile = "model.safetensors";

/** The index that lists which of several files contains which weight. */
export const indexFile = `${weightsFile}.index.json`;

/** Name of one of several weight files, counted from 1. */
export function shardName(number: number, count: number): string {
  return `model-${padded(number)}-of-${padded(count)}.safetensors`;
}

const padded = (number: number) => `${number}`.padStart(5, "0");

/** Whether a file of a model folder contains weights or their index. */
export function isWeightFile(name: string): boolean {
  return name === weightsFile || name === indexFile || /^model-\d{5,}-of-\d{5,}\.safetensors$/.test(name);
}

/** The weights of a model folder, opened for reading. */
export interface WeightFiles extends TensorSource {
  /** The file that lists the weights, for the errors. */
  readonly path: string;
}

/**
 * Opens the weights of a model folder: `model.safetensors`, or if it does not exist, the files that
 * `model.safetensors.index.json` lists. Weights that the index does not list are ignored.
 *
 * @throws InputError if there are no weights or only pickles, a file is missing or broken, or the index does not match its files
 */
export async function openWeights(folder: string): Promise<WeightFiles> {
  const names = await listFolder(folder);
  if (names.includes(weightsFile)) return SafetensorsFile.open(join(folder, weightsFile));
  if (names.includes(indexFile)) return openShards(folder);
  const pickle = names.find((name) => /^(pytorch_model|consolidated).*\.(bin|pth)$/.test(name));
  if (pickle !== undefined) {
    const found = `${pickle}, a pickle: loading one can run any code that it holds`;
    throw inputError({ file: folder }, found, `${weightsFile} (save_pretrained of transformers writes it)`);
  }
  throw missingError(join(folder, weightsFile), "file", "expected weights in safetensors format");
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw missingError(folder, "folder", "expected a model folder in Hugging Face layout", error);
  }
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

async function openShards(folder: string): Promise<WeightFiles> {
  const path = join(folder, indexFile);
  const { weight_map: shardOf } = parseJson(await readText(path, "an index of weights"), indexSchema, path);
  const shards = new Map<string, SafetensorsFile>();
  try {
    for (const [name, shard] of Object.entries(shardOf)) {
      if (shards.has(shard)) continue;
      if (!/^[^/\\\0]+\.safetensors$/.test(shard)) {
        throw inputError({ file: path }, `${quote(name)} in ${quote(shard)}`, "a .safetensors file of the same folder");
      }
      shards.set(
        shard,
        await SafetensorsFile.open(join(folder, shard), `a part of the weights, which ${indexFile} lists`),
      );
    }
    return new Shards(path, shardOf, shards);
  } catch (error) {
    await closeAll(shards.values());
    throw error;
  }
}

async function closeAll(files: Iterable<TensorSource>): Promise<void> {
  await Promise.all([...files].map((file) => file.close()));
}

/** Several files, read as one. */
class Shards implements WeightFiles {
  readonly tensors: ReadonlyMap<string, TensorInfo>;

  constructor(
    readonly path: string,
    private readonly shardOf: Readonly<Record<string, string>>,
    private readonly shards: ReadonlyMap<string, SafetensorsFile>,
  ) {
    this.tensors = new Map(Object.entries(shardOf).map(([name, shard]) => [name, this.locate(name, shard)]));
  }

  async read(name: string) {
    return this.shard(name).read(name);
  }

  async readAsStored(name: string) {
    return this.shard(name).readAsStored(name);
  }

  close(): Promise<void> {
    return closeAll(this.shards.values());
  }

  private locate(name: string, shard: string): TensorInfo {
    const found = this.shards.get(shard)?.tensors.get(name);
    if (found !== undefined) return found;
    const other = [...this.shards].find(([, { tensors }]) => tensors.has(name))?.[0];
    throw inputError(
      { file: this.path },
      `${quote(name)} listed in ${shard}, which does not hold it`,
      other === undefined ? "a file that holds it: the index and the weights are not of one checkpoint" : other,
    );
  }

  private shard(name: string): SafetensorsFile {
    const shard = this.shards.get(this.shardOf[name] ?? "");
    if (shard === undefined) throw inputError({ file: this.path }, `no tensor ${quote(name)}`, "one");
    return shard;
  }
}
