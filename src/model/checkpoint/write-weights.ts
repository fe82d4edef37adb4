import { join } from "node:path";
import { writeJson } from "../../base/files.js";
import { requireOption } from "../../base/require-option.js";
import { sizeOf, type Tensor } from "../../graph/tensor.js";
import type { Parameters } from "../parameters/parameters.js";
import { bytesOf, writeSafetensors, type WeightType } from "./safetensors/safetensors.js";
import { indexFile, shardName, weightsFile } from "./weight-files.js";

/** How weights are written. */
export interface WeightOptions {
  /** Number format; half precision is rounded to nearest, ties to even. float32 by default. */
  readonly dtype?: WeightType;
  /** Most bytes of weights in one file; a larger tensor gets its own file. 5 · 10⁹ by default. */
  readonly maxShardBytes?: number;
}

/**
 * Writes weights into a folder as transformers does: as `model.safetensors`, or if that would be too large, as several files with
 * an index. The same weights and options give the same bytes.
 *
 * @throws InputError if `maxShardBytes` is not a positive number, or a finite number would become infinite in `dtype`
 */
export async function writeWeights(
  folder: string,
  weights: Parameters,
  { dtype = "float32", maxShardBytes = 5e9 }: WeightOptions = {},
): Promise<void> {
  requireOption(maxShardBytes > 0, "maxShardBytes", maxShardBytes, "a positive number of bytes");
  const parts = split(weights, bytesOf(dtype), maxShardBytes);
  if (parts.length === 1) return writeSafetensors(join(folder, weightsFile), weights, {}, dtype);
  const weightMap: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    const file = shardName(i + 1, parts.length);
    await writeSafetensors(join(folder, file), part, {}, dtype);
    for (const name of part.keys()) weightMap[name] = file;
  }
  const count = [...weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  await writeJson(join(folder, indexFile), {
    metadata: { total_parameters: count, total_size: count * bytesOf(dtype) },
    weight_map: weightMap,
  });
}

/** Splits the weights, in order, before each one that would make a part too large. */
function split(weights: Parameters, bytesPerNumber: number, maxBytes: number): Parameters[] {
  const parts = [new Map<string, Tensor<"float32">>()];
  let size = 0;
  for (const [name, weight] of weights) {
    const bytes = sizeOf(weight.shape) * bytesPerNumber;
    if (size > 0 && size + bytes > maxBytes) {
      parts.push(new Map());
      size = 0;
    }
    parts.at(-1)!.set(name, weight);
    size += bytes;
  }
  return parts;
}
