/** Two-byte floating-point formats of weights: IEEE half precision, and the upper half of a float32. */
export type HalfFormat = "F16" | "BF16";

/** Smallest magnitude that rounds to infinity in a format: half a step beyond its largest number. */
const infinityFrom: Readonly<Record<HalfFormat, number>> = { F16: 65520, BF16: 2 ** 128 - 2 ** 119 };

/**
 * Widens two-byte floats to float32, exactly, including NaN, infinities and subnormals.
 *
 * @param bits the numbers' bit patterns
 * @param target as long as `bits`
 */
export function widen(format: HalfFormat, bits: Uint16Array, target: Float32Array): void {
  const wide = new Uint32Array(target.buffer, target.byteOffset, target.length);
  if (format === "BF16") {
    for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16;
    return;
  }
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i]!;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) {
      // Zero and subnormals are the fraction in units of 2⁻²⁴, which float32 represents as normal numbers.
      target[i] = fraction * 2 ** -24 * (sign ? -1 : 1);
    } else {
      const wideExponent = exponent === 31 ? 255 : exponent + (127 - 15);
      wide[i] = sign | (wideExponent << 23) | (fraction << 13);
    }
  }
}

/**
 * Rounds float32 numbers to two-byte ones: to nearest, ties to even. Numbers that are too large become infinity (see
 * {@link findOverflow}); NaN stays NaN.
 *
 * @param bits as long as `numbers`, for the bit patterns
 */
export function narrow(format: HalfFormat, numbers: Float32Array, bits: Uint16Array): void {
  const wide = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  const half = format === "BF16" ? brainBits : halfBits;
  for (let i = 0; i < wide.length; i++) {
    const magnitude = wide[i]! & 0x7fffffff;
    bits[i] = ((wide[i]! >>> 16) & 0x8000) | half(magnitude);
  }
}

/** Converts a float32's bits without its sign to bfloat16's. Adds half of the last kept place, minus 1 if that place is even. */
function brainBits(magnitude: number): number {
  if (magnitude > 0x7f800000) return 0x7fc0;
  return (magnitude + 0x7fff + ((magnitude >> 16) & 1)) >>> 16;
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Converts a float32's bits without its sign to IEEE half precision's. */
function halfBits(magnitude: number): number {
  if (magnitude > 0x7f800000) return 0x7e00;
  if (magnitude >= 0x477ff000) return 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2⁻¹⁴ the spacing is 2⁻²⁴, as for float32 numbers from ½ to 1: adding ½ rounds to it.
    scratchBits[0] = magnitude;
    scratch[0] = scratch[0]! + 0.5;
    return scratchBits[0] - 0x3f000000;
  }
  return (magnitude + 0xfff + ((magnitude >> 13) & 1) - ((127 - 15) << 23)) >>> 13;
}

/** Index of the first finite number that {@link narrow} would make infinite; -1 if there is none. */
export function findOverflow(format: HalfFormat, numbers: Float32Array): number {
  const limit = infinityFrom[format];
  for (let i = 0; i < numbers.length; i++) {
    const magnitude = Math.abs(numbers[i]!);
    if (magnitude >= limit && magnitude !== Infinity) return i;
  }
  return -1;
}
