import { PbfWriter } from "pbf";

/*
 * The part of ONNX's protobuf format that a lowered graph needs. Field numbers are those of
 * onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */

/** ONNX's element types, by their numbers in TensorProto.DataType. */
export const elementType = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof elementType;

export interface TensorProto {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Little-endian elements; if absent, they are passed to the session under the tensor's name. */
  readonly raw?: Uint8Array;
}

export type AttributeProto =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

export interface NodeProto {
  readonly opType: string;
  /** Operator set; "" is ONNX's own. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeProto>>;
}

export interface ValueProto {
  readonly name: string;
  readonly type: ElementType;
  /** Undefined for any shape or, within it, for an axis of any size. */
  readonly shape?: readonly (number | undefined)[];
}

export interface ModelProto {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  readonly inputs: readonly ValueProto[];
  readonly outputs: readonly ValueProto[];
}

/** Opset 20 is the newest that every provider of onnxruntime 1.30 registers our ops for. */
const opsets = [
  { domain: "", version: 20 },
  { domain: "com.microsoft", version: 1 },
];

/** The bytes of an ONNX model file. */
export function encodeModel(model: ModelProto): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, 9); // ir_version
  writer.writeStringField(2, "sera-lab");
  writer.writeMessage(7, writeGraph, model);
  for (const opset of opsets) {
    writer.writeMessage(
      8,
      ({ domain, version }, pbf) => {
        pbf.writeStringField(1, domain);
        pbf.writeVarintField(2, version);
      },
      opset,
    );
  }
  return writer.finish();
}

function writeGraph(model: ModelProto, pbf: PbfWriter): void {
  for (const node of model.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, "graph");
  for (const tensor of model.initializers) pbf.writeMessage(5, writeTensor, tensor);
  for (const value of model.inputs) pbf.writeMessage(11, writeValue, value);
  for (const value of model.outputs) pbf.writeMessage(12, writeValue, value);
}

function writeNode(node: NodeProto, pbf: PbfWriter): void {
  for (const name of node.inputs) pbf.writeStringField(1, name);
  for (const name of node.outputs) pbf.writeStringField(2, name);
  pbf.writeStringField(4, node.opType);
  for (const attribute of Object.entries(node.attributes)) pbf.writeMessage(5, writeAttribute, attribute);
  pbf.writeStringField(7, node.domain);
}

function writeAttribute([name, value]: [string, AttributeProto], pbf: PbfWriter): void {
  const type = (number: number) => pbf.writeVarintField(20, number);
  pbf.writeStringField(1, name);
  if ("float" in value) {
    pbf.writeFloatField(2, value.float);
    type(1);
  } else if ("int" in value) {
    pbf.writeVarintField(3, value.int);
    type(2);
  } else if ("string" in value) {
    pbf.writeBytesField(4, Buffer.from(value.string));
    type(3);
  } else {
    for (const int of value.ints) pbf.writeVarintField(8, int);
    type(7);
  }
}

function writeTensor(tensor: TensorProto, pbf: PbfWriter): void {
  for (const size of tensor.shape) pbf.writeVarintField(1, size);
  pbf.writeVarintField(2, elementType[tensor.type]);
  pbf.writeStringField(8, tensor.name);
  if (tensor.raw !== undefined) return pbf.writeBytesField(9, tensor.raw);
  pbf.writeMessage(13, writeEntry, ["location", tensor.name]);
  pbf.writeVarintField(14, 1); // data_location: external
}

function writeEntry([key, value]: readonly [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeValue(value: ValueProto, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(2, writeType, value);
}

function writeType(value: ValueProto, pbf: PbfWriter): void {
  pbf.writeMessage(
    1,
    (_, tensor) => {
      tensor.writeVarintField(1, elementType[value.type]);
      if (value.shape) tensor.writeMessage(2, writeShape, value.shape);
    },
    value,
  );
}

function writeShape(shape: NonNullable<ValueProto["shape"]>, pbf: PbfWriter): void {
  for (const size of shape) pbf.writeMessage(1, writeDimension, size);
}

function writeDimension(size: number | undefined, pbf: PbfWriter): void {
  if (size !== undefined) pbf.writeVarintField(1, size);
}
