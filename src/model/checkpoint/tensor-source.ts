import type { Shape, Tensor } from "../../graph/tensor.js";
import type { QuantizedRows } from "../parameters/quantization/quantize.js";

/** A file's description of one of its tensors. */
export interface TensorInfo {
  /** Element type by safetensors' name: `F32`, `F16` and `BF16` are supported. */
  readonly dtype: string;
  readonly shape: Shape;
}

/** A tensor's elements as stored in its file: numbers, or the bit patterns of two-byte floats. */
export type StoredElements =
  | { readonly dtype: "F32"; readonly shape: Shape; readonly data: Float32Array }
  | { readonly dtype: "F16" | "BF16"; readonly shape: Shape; readonly data: Uint16Array };

/** Named tensors in open files: all listed at once, read one at a time. */
export interface TensorSource {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** One tensor, half precision widened to float32, exactly. */
  read(name: string): Promise<Tensor<"float32">>;
  /** One tensor without widening, using as much memory as on disk. */
  readAsStored(name: string): Promise<StoredElements>;
  /**
   * A matrix in its file's quantised blocks, as [out, in] whatever the layout of {@link read}; undefined if they are not blocks
   * of 32 numbers with one scale, in 8 or 4 bits. Sources without quantised blocks omit this method.
   */
  readBlocks?(name: string): Promise<QuantizedRows | undefined>;
  /** Closes the files; nothing can be read afterwards. */
  close(): Promise<void>;
}

/** All tensors of a source in order, half precision widened to float32. */
export async function readAll(source: TensorSource): Promise<Map<string, Tensor<"float32">>> {
  const tensors = new Map<string, Tensor<"float32">>();
  for (const name of source.tensors.keys()) tensors.set(name, await source.read(name));
  return tensors;
}
