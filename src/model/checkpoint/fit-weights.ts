import { inputError, quote } from "../../base/errors.js";
import { sameShape, type Shape, type Tensor } from "../../graph/tensor.js";
import type { ModelConfig } from "../config.js";
import { embeddingName, headName, parameterShapes } from "../parameters/parameters.js";
import type { QuantizedRows } from "../parameters/quantization/quantize.js";
import { bytesOfArray } from "./safetensors/safetensors.js";
import { separateExperts } from "./separate-experts.js";
import { storedNames } from "./stored-names.js";
import type { StoredElements, TensorInfo, TensorSource } from "./tensor-source.js";
import type { WeightFiles } from "./weight-files.js";

/**
 * Selects the weights that a config requires from a checkpoint's files: under the parameters' names and in layer order. Skips
 * buffers, and a tied head that is stored explicitly.
 *
 * @returns a source that reads from `weights` and closes them
 * @throws InputError if a parameter is missing, duplicated, of another shape or not one of the model's, or a tied head differs
 *   from the embedding
 */
export async function fitWeights(config: ModelConfig, weights: WeightFiles): Promise<TensorSource> {
  const files = separateExperts(config, weights);
  const shapes = parameterShapes(config);
  const nameOf = storedNames(config);
  const stored = new Map<string, string>();
  for (const each of files.tensors.keys()) {
    const name = nameOf(each);
    if (name === undefined) continue;
    const twin = stored.get(name);
    if (twin !== undefined)
      throw inputError({ file: files.path }, `${quote(twin)} beside ${quote(each)}`, "one of them");
    stored.set(name, each);
  }
  if (config.tiedEmbeddings) await leaveOutHead(config, stored, files);
  const found = new Map([...stored].map(([name, each]) => [name, files.tensors.get(each)!]));
  checkShapes(shapes, found, files.path);
  return new FittedWeights(new Map([...shapes.keys()].map((name) => [name, found.get(name)!])), stored, files);
}

async function leaveOutHead(config: ModelConfig, stored: Map<string, string>, files: WeightFiles): Promise<void> {
  const head = stored.get(headName(config));
  const embedding = stored.get(embeddingName(config));
  if (head === undefined || embedding === undefined) return;
  const bytesOf = async (name: string) => bytesOfArray((await files.readAsStored(name)).data);
  if (Buffer.compare(await bytesOf(head), await bytesOf(embedding)) !== 0) {
    const found = `${head} that differs from ${embedding}`;
    throw inputError(
      { file: files.path },
      found,
      "none, or the same, because config.json has tie_word_embeddings = true",
    );
  }
  stored.delete(headName(config));
}

/**
 * Checks that tensors are those that a config requires.
 *
 * @param file where they come from or go, for the errors
 * @throws InputError naming the first that is missing, has another shape, or is not one of the model's
 */
export function checkShapes(
  shapes: ReadonlyMap<string, Shape>,
  tensors: ReadonlyMap<string, { readonly shape: Shape }>,
  file: string,
): void {
  const extra = [...tensors.keys()].find((name) => !shapes.has(name));
  for (const [name, shape] of shapes) {
    const found = tensors.get(name);
    if (found === undefined) {
      const instead = extra === undefined ? "" : ` but ${quote(extra)}`;
      throw inputError({ file }, `no parameter ${quote(name)}${instead}`, `one of shape [${shape}]`);
    }
    if (!sameShape(found.shape, shape)) {
      throw inputError(
        { file },
        `parameter ${quote(name)} of shape [${found.shape}]`,
        `[${shape}], as config.json says`,
      );
    }
  }
  if (extra !== undefined) {
    throw inputError({ file }, `parameter ${quote(extra)}`, `only the ${shapes.size} that config.json asks for`);
  }
}

/** Weights under the names of a model's parameters. */
class FittedWeights implements TensorSource {
  constructor(
    readonly tensors: ReadonlyMap<string, TensorInfo>,
    private readonly stored: ReadonlyMap<string, string>,
    private readonly files: WeightFiles,
  ) {}

  read(name: string): Promise<Tensor<"float32">> {
    return this.files.read(this.stored.get(name) ?? name);
  }

  readAsStored(name: string): Promise<StoredElements> {
    return this.files.readAsStored(this.stored.get(name) ?? name);
  }

  async readBlocks(name: string): Promise<QuantizedRows | undefined> {
    return this.files.readBlocks?.(this.stored.get(name) ?? name);
  }

  close(): Promise<void> {
    return this.files.close();
  }
}
