/** Two-byte floating-point formats of weights: IEEE half precision, and the upper half of a float32. */
export type HalfFormat = "F16" | "BF16";

/**
 * Widens two-byte floats to float32, exactly; NaN, infinities and subnormals included.
 *
 * @param bits the numbers' bit patterns
 * @param target as many places as `bits`
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
      // Zero and subnormals are the fraction in units of 2⁻²⁴, which float32 holds as normal numbers.
      target[i] = fraction * 2 ** -24 * (sign ? -1 : 1);
    } else {
      const wideExponent = exponent === 31 ? 255 : exponent + (127 - 15);
      wide[i] = sign | (wideExponent << 23) | (fraction << 13);
    }
  }
}
