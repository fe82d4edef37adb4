import type { Shape, Tensor } from "../../graph/tensor.js";
import type { QuantizedRows } from "../parameters/quantization/quantize.js";

/** What a file says about one of its tensors. */
export interface TensorInfo {
  /** Element type by safetensors' name: `F32`, `F16` and `BF16` can be read. */
  readonly dtype: string;
  readonly shape: Shape;
}

/** A tensor's elements as its file holds them: numbers, or the bit patterns of two-byte floats. */
export type StoredElements =
  | { readonly dtype: "F32"; readonly shape: Shape; readonly data: Float32Array }
  | { readonly dtype: "F16" | "BF16"; readonly shape: Shape; readonly data: Uint16Array };

/** Named tensors in files that are open: known all at once, read one at a time. */
export interface TensorSource {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** One tensor, half precision widened to float32, exactly. */
  read(name: string): Promise<Tensor<"float32">>;
  /** One tensor without widening, in the memory that it takes on disk. */
  readAsStored(name: string): Promise<StoredElements>;
  /**
   * A matrix in the blocks in which its file holds it, as [out, in] whatever the layout of {@link read}; undefined where they are
   * not blocks of 32 numbers with one scale, in 8 or 4 bits. A source without it holds none.
   */
  readBlocks?(name: string): Promise<QuantizedRows | undefined>;
  /** Closes the files; nothing can be read after it. */
  close(): Promise<void>;
}

/** All tensors of a source in its order, half precision widened to float32. */
export async function readAll(source: TensorSource): Promise<Map<string, Tensor<"float32">>> {
  const tensors = new Map<string, Tensor<"float32">>();
  for (const name of source.tensors.keys()) tensors.set(name, await source.read(name));
  return tensors;
}
