import assert from "node:assert/strict";
import test from "node:test";
import { readSafetensors } from "../../src/model/safetensors.js";
import { widen } from "../../src/model/half-precision.js";

const folder = "test/fixtures/checkpoints";

for (const name of ["float16", "bfloat16"]) {
  test(`${name} weights widen to the numbers that torch gives`, async () => {
    const half = await readSafetensors(`${folder}/${name}.safetensors`);
    const wide = await readSafetensors(`${folder}/${name}-as-float32.safetensors`);
    assert.deepEqual([...half.tensors.keys()].sort(), ["hard", "ordinary"]);
    for (const [key, { shape, data }] of wide.tensors) {
      const found = half.tensors.get(key)!;
      assert.deepEqual(found.shape, shape);
      // Typed arrays would be compared by their bytes, and a NaN has many.
      assert.deepEqual([...found.data], [...data], key);
    }
  });
}

test("half-precision NaN stays NaN", () => {
  const target = new Float32Array(2);
  widen("F16", Uint16Array.of(0x7e00, 0xfe01), target);
  assert.deepEqual([...target], [NaN, NaN]);
});
