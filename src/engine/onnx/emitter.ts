import type { Shape } from "../../graph/tensor.js";
import type { AttributeProto, ElementType, NodeProto, TensorProto } from "./proto.js";

/** Collects the nodes and constants of an ONNX graph and names their results. */
export class Emitter {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  private readonly externals = new Set<string>();
  private readonly known = new Map<string, string>();
  private count = 0;

  /** Adds a node of ONNX's own operator set; returns the name of its result. */
  node(opType: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeProto>> = {}): string {
    return this.add("", opType, inputs, attributes);
  }

  /** Adds a node of onnxruntime's `com.microsoft` operator set. */
  contrib(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeProto>> = {},
  ): string {
    return this.add("com.microsoft", opType, inputs, attributes);
  }

  /** Adds a constant by its bytes; returns the tensor's name. */
  constant(type: ElementType, shape: Shape, raw: Uint8Array): string {
    const name = `c${this.initializers.length}`;
    this.initializers.push({ name, type, shape, raw });
    return name;
  }

  /** Adds a constant whose elements are passed to the session under its name. */
  external({ name, type, shape }: Omit<TensorProto, "raw">): string {
    this.initializers.push({ name, type, shape });
    this.externals.add(name);
    return name;
  }

  /** Whether a tensor is {@link external}. */
  isExternal(name: string): boolean {
    return this.externals.has(name);
  }

  /** A list of int64, the type that ONNX requires for shapes and axes. Equal lists share one constant. */
  int64(values: readonly number[], shape: Shape = [values.length]): string {
    return this.shared("int64", shape, values, (numbers) => BigInt64Array.from(numbers, BigInt));
  }

  /** A vector of `size` copies of a float32. */
  full(size: number, value: number): string {
    return this.shared("float32", [size], new Array<number>(size).fill(value), (numbers) => Float32Array.from(numbers));
  }

  private shared(
    type: ElementType,
    shape: Shape,
    values: readonly number[],
    pack: (values: readonly number[]) => NodeJS.TypedArray,
  ): string {
    const key = `${type} ${shape}:${values}`;
    const name = this.known.get(key) ?? this.constant(type, shape, bytes(pack(values)));
    this.known.set(key, name);
    return name;
  }

  private add(
    domain: string,
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeProto>>,
  ): string {
    const name = `v${this.count++}`;
    this.nodes.push({ opType, domain, inputs, outputs: [name], attributes });
    return name;
  }
}

/** The bytes of a typed array, without copying. */
export function bytes(array: NodeJS.TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
