import type * as tfjs from "@tensorflow/tfjs-core";
import { InputError } from "../../base/errors.js";
import type { DType, Tensor as Numbers } from "../../graph/tensor.js";
import type { BackendName } from "./backend-names.js";
import type { Transposes } from "./transposes.js";

/** The library, as loaded by a backend's package. */
export type Tf = typeof tfjs;
export type Tensor = tfjs.Tensor;

/** The TensorFlow.js type for an element type. @throws InputError if there is none: its only one-byte type is bool */
export function tfType(dtype: DType): Exclude<DType, "uint8"> {
  if (dtype === "uint8")
    throw new InputError("quantised weights cannot be held or computed on the engine tfjs; use onnx on the CPU");
  return dtype;
}

/** What lowering an op requires: the library, and constants that live as long as the program. */
export class Workbench {
  private readonly constants: Tensor[] = [];

  constructor(
    readonly tf: Tf,
    readonly backend: BackendName,
    readonly transposes: Transposes,
  ) {}

  /** Keeps numbers on the device until the program is released. */
  constant({ dtype, shape, data }: Numbers): Tensor {
    const constant = this.tf.tensor(data, [...shape], tfType(dtype));
    this.constants.push(constant);
    return constant;
  }

  /** Frees the constants. */
  clear(): void {
    this.tf.dispose(this.constants);
    this.constants.length = 0;
  }
}
