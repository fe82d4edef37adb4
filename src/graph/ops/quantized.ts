import { checkpoint, dequantize, matmul } from "../build.js";
import type { OpDefinition } from "../definition.js";
import { blockBytes, blockSize, type BlockBits } from "../quantized-blocks.js";
import { sameShape, type Shape } from "../tensor.js";
import type { Value } from "../value.js";
import { need, needType } from "./shared.js";

export const dequantizeDefinition: OpDefinition<"dequantize"> = {
  infer: ([blocks, scales], { bits }) => ({ dtype: "float32", shape: dequantizedShape(blocks!, scales!, bits) }),
  gradient: () => [],
};

export const matmulQuantizedDefinition: OpDefinition<"matmulQuantized"> = {
  infer([x, blocks, scales], { bits }) {
    needType(x!, "float32");
    const weight = dequantizedShape(blocks!, scales!, bits);
    need(x!.shape.length === 2 && weight.length === 2, "needs two matrices");
    need(x!.shape[1] === weight[1], `inner sizes differ: ${x!.shape[1]} and ${weight[1]}`);
    return { dtype: "float32", shape: [x!.shape[0]!, weight[0]!] };
  },
  // dx = dy · w. Dequantises the weight again once dy is known: kept since the forward pass, it would occupy memory in float32.
  gradient(y, dy) {
    const [, blocks, scales] = y.inputs as [Value, Value, Value];
    return [matmul(dy, dequantize(blocks, checkpoint(scales, [dy]), y.attributes.bits)), undefined, undefined];
  },
};

function dequantizedShape(blocks: Value, scales: Value, bits: BlockBits): Shape {
  needType(blocks, "uint8");
  needType(scales, "float32");
  need(
    blocks.shape.length >= 2 && blocks.shape.at(-1) === blockBytes(bits),
    `needs blocks of ${blockBytes(bits)} bytes`,
  );
  const perBlock = blocks.shape.slice(0, -1);
  need(sameShape(scales.shape, perBlock), "needs a scale for each block");
  return perBlock.with(-1, perBlock.at(-1)! * blockSize);
}
