import type { Tensor, Tf } from "./workbench.js";

/** Transposes of the state's matrices, cached until the matrices change, for backends that need them in every run. */
export class Transposes {
  /** By the transposed numbers, which several tensors may share. */
  private readonly known = new Map<object, Tensor>();

  constructor(private readonly tf: Tf) {}

  of(matrix: Tensor): Tensor {
    const found = this.known.get(matrix.dataId) ?? this.tf.keep(this.tf.transpose(matrix));
    this.known.set(matrix.dataId, found);
    return found;
  }

  /** Frees the transpose of a tensor that is about to be freed. */
  forget(matrix: Tensor): void {
    this.known.get(matrix.dataId)?.dispose();
    this.known.delete(matrix.dataId);
  }
}
