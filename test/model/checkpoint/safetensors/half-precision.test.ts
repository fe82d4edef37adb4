import assert from "node:assert/strict";
import test from "node:test";
import {
  findOverflow,
  narrow,
  widen,
  type HalfFormat,
} from "../../../../src/model/checkpoint/safetensors/half-precision.js";
import { readSafetensors } from "../../../../src/model/checkpoint/safetensors/safetensors.js";
import { SafetensorsFile } from "../../../../src/model/checkpoint/safetensors/safetensors-file.js";

const folder = "test/fixtures/checkpoints";

for (const name of ["float16", "bfloat16"]) {
  test(`${name} weights widen to the same numbers as in torch`, async () => {
    const half = await readSafetensors(`${folder}/${name}.safetensors`);
    const wide = await readSafetensors(`${folder}/${name}-as-float32.safetensors`);
    assert.deepEqual([...half.tensors.keys()].sort(), ["hard", "ordinary"]);
    for (const [key, { shape, data }] of wide.tensors) {
      const found = half.tensors.get(key)!;
      assert.deepEqual(found.shape, shape);
      // Typed arrays would be compared by their bytes, and NaN has many encodings.
      assert.deepEqual([...found.data], [...data], key);
    }
  });
}

test("half-precision NaN stays NaN", () => {
  const target = new Float32Array(2);
  widen("F16", Uint16Array.of(0x7e00, 0xfe01), target);
  assert.deepEqual([...target], [NaN, NaN]);
});

for (const [format, name] of [
  ["F16", "float16"],
  ["BF16", "bfloat16"],
] as const) {
  test(`numbers are rounded to ${name} as in torch`, async () => {
    const file = await SafetensorsFile.open("test/fixtures/safetensors/rounding.safetensors");
    const numbers = (await file.read("float32")).data;
    const expected = await file.read(name);
    await file.close();
    const bits = new Uint16Array(numbers.length);
    narrow(format, numbers, bits);
    const found = widened(format, bits);
    for (const [i, number] of expected.data.entries())
      assert.ok(Object.is(found[i], number), `${numbers[i]}: ${found[i]}, torch has ${number}`);
  });

  test(`every ${name} number survives widening and narrowing`, () => {
    const bits = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
    const again = new Uint16Array(bits.length);
    narrow(format, widened(format, bits), again);
    const wide = widened(format, bits);
    const changed = bits.filter((pattern, i) => again[i] !== pattern && !Number.isNaN(wide[i]));
    assert.deepEqual([...changed], []);
    assert.deepEqual([...widened(format, again)].map(Number.isNaN), [...wide].map(Number.isNaN));
  });
}

test("findOverflow finds numbers that round to infinity, but not infinity itself", () => {
  const justBelow = { F16: 65519.996, BF16: 3.3961774e38 };
  const first = { F16: 65520, BF16: 2 ** 128 - 2 ** 119 };
  for (const format of ["F16", "BF16"] as const) {
    const below = Float32Array.of(justBelow[format], -justBelow[format], Infinity, -Infinity, NaN, 0);
    const bits = new Uint16Array(below.length);
    narrow(format, below, bits);
    assert.deepEqual([...widened(format, bits)].map(Number.isFinite), [true, true, false, false, false, true]);
    assert.equal(findOverflow(format, below), -1);
    const above = Float32Array.of(1, -first[format]);
    narrow(format, above, bits);
    assert.equal(widened(format, bits)[1], -Infinity);
    assert.equal(findOverflow(format, above), 1);
  }
});

function widened(format: HalfFormat, bits: Uint16Array): Float32Array {
  const wide = new Float32Array(bits.length);
  widen(format, bits, wide);
  return wide;
}
