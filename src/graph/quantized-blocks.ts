/*
 * Memory layout of quantised weights: rows of blocks of a fixed count of numbers, each block with one scale. A number is scale ·
 * (q − 2^(bits−1)) with q an integer of `bits` bits. Blocks of 8 bits store one q per byte, blocks of 4 bits two: the first in
 * the lower half. This is the layout of onnxruntime's MatMulNBits.
 */

/** Numbers that share a scale. */
export const blockSize = 32;

/** Bits of a quantised number. */
export type BlockBits = 4 | 8;

/** Bytes of a block. */
export const blockBytes = (bits: BlockBits) => (blockSize * bits) / 8;

/** The q that stands for 0. */
export const zeroPoint = (bits: BlockBits) => 2 ** (bits - 1);
