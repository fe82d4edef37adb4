import { zeroPoint, type BlockBits } from "../../../graph/index.js";
import { widen } from "../safetensors/half-precision.js";

/**
 * A number format of GGUF: blocks of a fixed count of numbers in a fixed count of bytes. Each block has its own scales, so blocks
 * can be decoded independently.
 */
export interface BlockFormat {
  /** Numbers in a block. */
  readonly numbers: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /**
   * Decodes whole blocks to float32, each number rounded once.
   *
   * @param target as long as the blocks have numbers
   */
  decode(blocks: Uint8Array, target: Float32Array): void;
  /** Present if a block is 32 integers with a scale. */
  readonly quantized?: {
    readonly bits: BlockBits;
    /** Separates whole blocks into integers and scales, as in `QuantizedRows`. */
    split(blocks: Uint8Array, wholes: Uint8Array, scales: Float32Array): void;
  };
}

/**
 * Formats by ggml's names. The layouts are those of ggml-common.h and ggml-quants.c (https://github.com/ggml-org/ggml); low
 * halves of bytes come before high ones.
 */
export const blockFormats = {
  F32: {
    numbers: 1,
    bytes: 4,
    decode: (blocks, target) => new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(blocks),
  },
  F16: { numbers: 1, bytes: 2, decode: (blocks, target) => widen("F16", words(blocks), target) },
  BF16: { numbers: 1, bytes: 2, decode: (blocks, target) => widen("BF16", words(blocks), target) },

  // d · (q − 8)
  Q4_0: {
    ...format(32, 18, (bytes, at, target, to) => {
      const d = half(bytes, at);
      for (let i = 0; i < 16; i++) {
        const pair = bytes[at + 2 + i]!;
        target[to + i] = d * ((pair & 15) - 8);
        target[to + 16 + i] = d * ((pair >> 4) - 8);
      }
    }),
    quantized: {
      bits: 4,
      split(blocks, wholes, scales) {
        for (let block = 0, at = 0, to = 0; at < blocks.length; block++, at += 18, to += 16) {
          scales[block] = half(blocks, at);
          // Number i is in the lower half of byte i and number 16 + i in its upper half; the output has them in order.
          for (let i = 0; i < 8; i++) {
            const [even, odd] = [blocks[at + 2 + 2 * i]!, blocks[at + 3 + 2 * i]!];
            wholes[to + i] = (even & 15) | ((odd & 15) << 4);
            wholes[to + 8 + i] = (even >> 4) | (odd & 0xf0);
          }
        }
      },
    },
  },

  // d · q + m
  Q4_1: format(32, 20, (bytes, at, target, to) => {
    const d = half(bytes, at);
    const m = half(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 4 + i]!;
      target[to + i] = d * (pair & 15) + m;
      target[to + 16 + i] = d * (pair >> 4) + m;
    }
  }),

  // d · (q − 16), the fifth bits stored separately
  Q5_0: format(32, 22, (bytes, at, target, to) => {
    const d = half(bytes, at);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 6 + i]!;
      target[to + i] = d * (((pair & 15) | (bit(bytes, at + 2, i) << 4)) - 16);
      target[to + 16 + i] = d * (((pair >> 4) | (bit(bytes, at + 2, 16 + i) << 4)) - 16);
    }
  }),

  // d · q + m, the fifth bits stored separately
  Q5_1: format(32, 24, (bytes, at, target, to) => {
    const d = half(bytes, at);
    const m = half(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 8 + i]!;
      target[to + i] = d * ((pair & 15) | (bit(bytes, at + 4, i) << 4)) + m;
      target[to + 16 + i] = d * ((pair >> 4) | (bit(bytes, at + 4, 16 + i) << 4)) + m;
    }
  }),

  // d · q
  Q8_0: {
    ...format(32, 34, (bytes, at, target, to) => {
      const d = half(bytes, at);
      for (let i = 0; i < 32; i++) target[to + i] = d * signed(bytes[at + 2 + i]!);
    }),
    quantized: {
      bits: 8,
      split(blocks, wholes, scales) {
        for (let block = 0, at = 0, to = 0; at < blocks.length; block++, at += 34, to += 32) {
          scales[block] = half(blocks, at);
          for (let i = 0; i < 32; i++) wholes[to + i] = signed(blocks[at + 2 + i]!) + zeroPoint(8);
        }
      },
    },
  },

  // Eight groups of 32 with a six-bit scale and minimum each: d · scale · q − dmin · minimum
  Q4_K: format(256, 144, (bytes, at, target, to) => {
    for (let group = 0; group < 8; group++) {
      const { scale, minimum } = groupScale(bytes, at, group);
      const shift = (group & 1) * 4;
      const from = at + 16 + (group >> 1) * 32;
      for (let i = 0; i < 32; i++) target[to + group * 32 + i] = scale * ((bytes[from + i]! >> shift) & 15) - minimum;
    }
  }),

  // The same with the fifth bits stored separately: bit g of a byte belongs to group g
  Q5_K: format(256, 176, (bytes, at, target, to) => {
    for (let group = 0; group < 8; group++) {
      const { scale, minimum } = groupScale(bytes, at, group);
      const shift = (group & 1) * 4;
      const from = at + 48 + (group >> 1) * 32;
      for (let i = 0; i < 32; i++) {
        const fifth = (bytes[at + 16 + i]! >> group) & 1;
        target[to + group * 32 + i] = scale * (((bytes[from + i]! >> shift) & 15) | (fifth << 4)) - minimum;
      }
    }
  }),

  // Sixteen groups of 16 with a signed scale: d · scale · (q − 32); four bits of q together, and two separately
  Q6_K: format(256, 210, (bytes, at, target, to) => {
    const d = half(bytes, at + 208);
    for (let i = 0; i < 256; i++) {
      const [part, place] = [i >> 7, i & 127];
      const low = (bytes[at + part * 64 + (place & 63)]! >> (place < 64 ? 0 : 4)) & 15;
      const high = (bytes[at + 128 + part * 32 + (place & 31)]! >> ((place >> 5) * 2)) & 3;
      target[to + i] = d * signed(bytes[at + 192 + (i >> 4)]!) * ((low | (high << 4)) - 32);
    }
  }),
} as const satisfies Readonly<Record<string, BlockFormat>>;

/** Creates a format from the decoder of one block. */
function format(
  numbers: number,
  bytes: number,
  decodeBlock: (bytes: Uint8Array, at: number, target: Float32Array, to: number) => void,
): BlockFormat {
  return {
    numbers,
    bytes,
    decode(blocks, target) {
      for (let at = 0, to = 0; at < blocks.length; at += bytes, to += numbers) decodeBlock(blocks, at, target, to);
    },
  };
}

/** The value of every half-precision bit pattern, to look up scales. */
const halves = new Float32Array(1 << 16);
widen(
  "F16",
  Uint16Array.from(halves, (_, bits) => bits),
  halves,
);

const half = (bytes: Uint8Array, at: number) => halves[bytes[at]! | (bytes[at + 1]! << 8)]!;
const signed = (byte: number) => (byte << 24) >> 24;
const bit = (bytes: Uint8Array, at: number, i: number) => (bytes[at + (i >> 3)]! >> (i & 7)) & 1;

/** Scale and minimum of one of the eight groups of Q4_K and Q5_K, six bits each, packed into twelve bytes. */
function groupScale(bytes: Uint8Array, at: number, group: number): { scale: number; minimum: number } {
  const packed = at + 4 + (group & 3);
  const [low, high, shared] = [bytes[packed]!, bytes[packed + 4]!, bytes[packed + 8]!];
  const [scale, minimum] =
    group < 4 ? [low & 63, high & 63] : [(shared & 15) | ((low >> 6) << 4), (shared >> 4) | ((high >> 6) << 4)];
  return { scale: half(bytes, at) * scale, minimum: half(bytes, at + 2) * minimum };
}

function words(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}
