import { blockBytes, blockSize, zeroPoint, type BlockBits } from "../../graph/quantized-blocks.js";
import type { Shape } from "../../graph/tensor.js";
import type { Value } from "../../graph/value.js";
import { bytes, type Emitter } from "./emitter.js";
import { onceKnown } from "./once-known.js";

/*
 * A product with a quantised weight is computed in one of two ways. If the weight is a constant of the session, by MatMulNBits:
 * the session has packed it, and with `accuracy_level` 4, which also rounds x to 8 bits in blocks, a few rows take a third to a
 * half of the time of a float32 weight. If it is an input, by dequantising it to float32 for this product alone; MatMulNBits does
 * the same for an input but takes longer.
 */

export function matmulQuantized(
  emit: Emitter,
  value: Value<"matmulQuantized">,
  [x, blocks, scales]: readonly string[],
): string {
  const {
    attributes: { bits },
    shape: [, outputs],
    inputs: [rows, weight],
  } = value;
  if (emit.isExternal(blocks!)) {
    return emit.contrib("MatMulNBits", [x!, blocks!, scales!], {
      K: { int: rows!.shape[1]! },
      N: { int: outputs! },
      bits: { int: bits },
      block_size: { int: blockSize },
      accuracy_level: { int: 4 },
    });
  }
  // Without this, values that depend only on leaves would be computed before everything else and stay in memory until used.
  const held = onceKnown(emit, scales!, [x!], [rows!]);
  const numbers = numbersOf(emit, bits, blocks!, held, [outputs!, weight!.shape[1]! * blockSize]);
  return emit.node("Gemm", [x!, numbers], { transB: { int: 1 } });
}

export function dequantize(
  emit: Emitter,
  { attributes: { bits }, shape }: Value<"dequantize">,
  [blocks, scales]: readonly string[],
): string {
  return numbersOf(emit, bits, blocks!, scales!, shape);
}

/** Dequantises blocks to the rows of a matrix. */
function numbersOf(emit: Emitter, bits: BlockBits, blocks: string, scales: string, shape: Shape): string {
  const rows = emit.node("Reshape", [blocks, emit.int64([-1, blockBytes(bits)])]);
  const wholes = bits === 8 ? rows : unpacked(emit, rows);
  const perRow = emit.node("Reshape", [scales, emit.int64([-1])]);
  const zero = emit.constant("uint8", [1], bytes(Uint8Array.of(zeroPoint(bits))));
  const zeros = emit.node("Expand", [zero, emit.node("Shape", [perRow])]);
  const numbers = emit.node("DequantizeLinear", [wholes, perRow, zeros], { axis: { int: 0 } });
  return emit.node("Reshape", [numbers, emit.int64(shape.with(0, -1))]);
}

/** Unpacks the two halves of each byte side by side, the lower one first. */
function unpacked(emit: Emitter, rows: string): string {
  const constant = (value: number) => emit.constant("uint8", [1], bytes(Uint8Array.of(value)));
  const halves = [
    emit.node("BitwiseAnd", [rows, constant(15)]),
    emit.node("BitShift", [rows, constant(4)], { direction: { string: "RIGHT" } }),
  ];
  const columns = halves.map((half) => emit.node("Reshape", [half, emit.int64([-1, blockBytes(4), 1])]));
  return emit.node("Reshape", [emit.node("Concat", columns, { axis: { int: 2 } }), emit.int64([-1, blockSize])]);
}
