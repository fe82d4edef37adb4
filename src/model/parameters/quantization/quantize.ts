import { InputError } from "../../../base/errors.js";
import { blockBytes, blockSize, zeroPoint, type BlockBits } from "../../../graph/index.js";

/** A matrix in blocks of 32 numbers of a row, each block with a scale: a number is scale · (q − 2^(bits−1)). */
export interface QuantizedRows {
  readonly bits: BlockBits;
  readonly rows: number;
  /** A multiple of 32. */
  readonly columns: number;
  /** [rows, columns / 32, bytes of a block]; a byte holds two 4-bit q, the first in the lower half. */
  readonly blocks: Uint8Array;
  /** [rows, columns / 32] */
  readonly scales: Float32Array;
}

/**
 * Quantises a matrix by the rule of GGUF's Q8_0 and Q4_0, with scales in float32 instead of half precision. m is the number of a
 * block farthest from 0, the first of several; rounding is to the nearest, with halves away from 0:
 *
 * - 8 bits: scale = |m| / 127, q = round(x / scale), from −127 to 127
 * - 4 bits: scale = m / −8, q = min(7, round(x / scale)), from −8 to 7, so that m itself is −8
 *
 * The error is at most half a scale, except for 4-bit numbers beyond 7 scales, which are off by at most one scale.
 *
 * @param numbers row by row; a row's length is a multiple of 32
 * @param name of the matrix, for the error
 * @throws InputError if a number is NaN or infinite
 */
export function quantizeRows(
  numbers: Float32Array,
  rows: number,
  columns: number,
  bits: BlockBits,
  name: string,
): QuantizedRows {
  const blocks = new Uint8Array((numbers.length / blockSize) * blockBytes(bits));
  const scales = new Float32Array(numbers.length / blockSize);
  const zero = zeroPoint(bits);
  const most = bits === 8 ? 127 : 7;
  for (let block = 0, start = 0; block < scales.length; block++, start += blockSize) {
    let farthest = 0;
    for (let i = start; i < start + blockSize; i++) {
      const magnitude = Math.abs(numbers[i]!);
      // Negated so that NaN is caught too.
      if (!(magnitude < Infinity))
        throw new InputError(`weights: found ${numbers[i]} in ${name}, which blocks of few bits cannot hold`);
      if (magnitude > Math.abs(farthest)) farthest = numbers[i]!;
    }
    // If all are 0, the scale is 0 and not −0.
    scales[block] = bits === 8 ? Math.abs(farthest) / 127 : farthest / -8 + 0;
    const scale = scales[block]!;
    for (let i = start; i < start + blockSize; i++) {
      const ratio = scale === 0 ? 0 : numbers[i]! / scale;
      // Truncation after adding ±0.5 rounds halves away from 0.
      const whole = zero + Math.max(-zero, Math.min(most, (ratio + (ratio < 0 ? -0.5 : 0.5)) | 0));
      if (bits === 8) blocks[i] = whole;
      else blocks[i >> 1]! |= whole << (4 * (i & 1));
    }
  }
  return { bits, rows, columns, blocks, scales };
}

/** The numbers of quantised rows, each rounded once to float32. */
export function dequantizeRows({ bits, blocks, scales }: QuantizedRows): Float32Array {
  const numbers = new Float32Array(scales.length * blockSize);
  const zero = zeroPoint(bits);
  for (let i = 0; i < numbers.length; i++) numbers[i] = scales[i >> 5]! * (wholeAt(blocks, bits, i) - zero);
  return numbers;
}

/** Converts to 8 bits, exactly. */
export function widenTo8(rows: QuantizedRows): QuantizedRows {
  const { bits, scales } = rows;
  if (bits === 8) return rows;
  const blocks = new Uint8Array(scales.length * blockBytes(8));
  for (let i = 0; i < blocks.length; i++) blocks[i] = wholeAt(rows.blocks, bits, i) - zeroPoint(bits) + zeroPoint(8);
  return { ...rows, bits: 8, blocks };
}

/** The stored integer of number i in the blocks. */
function wholeAt(blocks: Uint8Array, bits: BlockBits, i: number): number {
  return bits === 8 ? blocks[i]! : (blocks[i >> 1]! >> (4 * (i & 1))) & 15;
}
