import * as ort from "onnxruntime-node";
import type { ArrayOf, DType, Tensor } from "../../graph/tensor.js";
import { encodeModel } from "./proto.js";

type SessionOptions = ort.InferenceSession.SessionOptions;

/** Where a state's tensors are stored. */
export interface Memory {
  /** Options of a session that leaves these outputs in this memory. */
  leave(outputs: readonly string[]): SessionOptions;
  /** Copies a tensor to this memory. */
  keep(tensor: Tensor): Promise<ort.Tensor>;
  /** Returns a copy that shares nothing with the state. */
  read(tensor: ort.Tensor): Promise<Tensor>;
}

export function wrap<T extends DType>(dtype: T, data: ArrayOf[T], shape: readonly number[]): ort.Tensor {
  return new ort.Tensor(dtype, data as Float32Array, shape);
}

export function unwrap(tensor: ort.Tensor): Tensor {
  return { dtype: tensor.type as DType, shape: tensor.dims, data: tensor.data as Float32Array };
}

export const hostMemory: Memory = {
  leave: () => ({}),
  keep: async ({ dtype, shape, data }) => wrap(dtype, data, shape),
  read: async (tensor) => {
    const { dtype, shape, data } = unwrap(tensor);
    return { dtype, shape, data: data.slice() as Float32Array };
  },
};

/**
 * A device's memory. Tensors are moved there and back as the result of an identity model: reading one by its own `getData()` ends
 * the process in onnxruntime-node 1.30.
 *
 * @param create creates a session on the device
 */
export function deviceMemory(
  create: (model: Uint8Array, options: SessionOptions) => Promise<ort.InferenceSession>,
): Memory {
  const copies = new Map<string, Promise<ort.InferenceSession>>();
  async function copy(tensor: ort.Tensor, location: "cpu" | "gpu-buffer"): Promise<ort.Tensor> {
    const type = tensor.type as DType;
    const session = copies.get(`${type} ${location}`) ?? create(identity(type), { preferredOutputLocation: location });
    copies.set(`${type} ${location}`, session);
    return (await (await session).run({ from: tensor }))["to"]!;
  }
  return {
    leave: (outputs) => ({ preferredOutputLocation: Object.fromEntries(outputs.map((name) => [name, "gpu-buffer"])) }),
    keep: ({ dtype, shape, data }) => copy(wrap(dtype, data, shape), "gpu-buffer"),
    read: async (tensor) => unwrap(await copy(tensor, "cpu")),
  };
}

/** An identity model for tensors of any shape. */
function identity(type: DType): Uint8Array {
  return encodeModel({
    nodes: [{ opType: "Identity", domain: "", inputs: ["from"], outputs: ["to"], attributes: {} }],
    initializers: [],
    inputs: [{ name: "from", type }],
    outputs: [{ name: "to", type }],
  });
}
