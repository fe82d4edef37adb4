import assert from "node:assert/strict";
import { GGMLQuantizationType, gguf, parseGGUFQuantLabel } from "@huggingface/gguf";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { z } from "zod";
import { quantizationLabel } from "../../../../src/model/checkpoint/gguf/file-names.js";
import { GgufFile } from "../../../../src/model/checkpoint/gguf/gguf-file.js";
import { kinds, shortestFloat32 } from "../../../../src/model/checkpoint/gguf/metadata.js";
import { tensorTypeName } from "../../../../src/model/checkpoint/gguf/tensor-types.js";
import { emptyFolder } from "../../../support/folder.js";
import { ggufBytes, u32, u64 } from "../../../support/gguf-bytes.js";

/*
 * The reader is compared with Hugging Face's parser, which is not used as the reader because it reads zeros for bytes
 * missing at the end of a file, silently truncates texts beyond what it has read so far, drops the byte order mark that some
 * tokens begin with, and rereads a long list from its beginning for each 2 MB (13 s for the vocabulary of gpt-oss).
 */

for (const name of ["llama", "llama3", "qwen2", "gpt2", "gpt-neox"]) {
  test(`${name}: metadata and tensors match Hugging Face's parser`, async () => {
    const path = `test/fixtures/gguf/${name}.gguf`;
    const file = await GgufFile.open(path);
    await file.close();
    const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
    for (const [key, value] of Object.entries(metadata)) {
      if (["version", "tensor_count", "kv_count"].includes(key)) continue;
      assert.deepEqual(file.metadata.get(key, z.any()), value, key);
    }
    assert.deepEqual(
      [...file.tensors].map(([each, { dtype, shape, begin }]) => [each, dtype, shape, begin]),
      tensorInfos.map(({ name: each, dtype, shape, offset }) => [
        each,
        GGMLQuantizationType[dtype],
        shape.map(Number).reverse(),
        Number(tensorDataOffset + offset),
      ]),
    );
  });
}

describe("a header", () => {
  test("is read with values of every type, a byte order mark in a text, and another alignment", async (t) => {
    const path = join(emptyFolder(t), "x.gguf");
    const bytes8 = (write: (buffer: Buffer) => void) => {
      const buffer = Buffer.alloc(8);
      write(buffer);
      return buffer;
    };
    const raw = (type: number, ...parts: Buffer[]) => ({ raw: Buffer.concat([u32(type), ...parts]) });
    const tensors = [{ name: "t", dimensions: [3], data: Buffer.from(Float32Array.of(1, -2, 0.5).buffer) }];
    const bytes = ggufBytes(
      [
        ["u8", raw(0, Buffer.from([200]))],
        ["i8", raw(1, Buffer.from([200]))],
        ["u16", raw(2, Buffer.from([0, 200]))],
        ["i16", raw(3, Buffer.from([0, 200]))],
        ["i32", raw(5, u32(0xfffffffe))],
        [
          "f64",
          raw(
            12,
            bytes8((buffer) => buffer.writeDoubleLE(0.1)),
          ),
        ],
        ["u64", raw(10, u64(2 ** 40))],
        [
          "i64",
          raw(
            11,
            bytes8((buffer) => buffer.writeBigInt64LE(-5n)),
          ),
        ],
        ["texts", ["\ufeffa", "", "é"]],
        ["flags", raw(9, u32(7), u64(2), Buffer.from([1, 0]))],
        ["general.alignment", { u32: 32 }],
      ],
      tensors,
    );
    writeFileSync(path, bytes);
    const file = await GgufFile.open(path);
    const number = (key: string) => file.metadata.get(key, kinds.number);
    assert.deepEqual(["u8", "i8", "u16", "i16", "i32", "f64", "u64", "i64"].map(number), [
      200,
      -56,
      51200,
      -14336,
      -2,
      0.1,
      2 ** 40,
      -5,
    ]);
    assert.deepEqual(file.metadata.get("texts", kinds.texts), ["\ufeffa", "", "é"]);
    assert.deepEqual(file.metadata.get("flags", z.any()), [true, false]);
    assert.deepEqual([...(await file.read("t")).data], [1, -2, 0.5]);
    await file.close();
  });
});

test("tensorTypeName returns ggml's names", () => {
  for (const [name, type] of Object.entries(GGMLQuantizationType)) {
    if (typeof type === "number") assert.equal(tensorTypeName(type), name);
  }
  assert.equal(tensorTypeName(99), "type 99");
});

test("quantizationLabel returns the quantization in the name of a file", () => {
  const names = [
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    "m-Q4_K_M.gguf",
    "Qwen2.5-0.5B-Instruct-Q8_0-00001-of-00002.gguf",
    "m-IQ4_XS.gguf",
    "m-BF16.gguf",
    "m-UD-Q4_K_XL.gguf",
    "m-F16.gguf",
    "model.gguf",
  ];
  for (const name of names) assert.equal(quantizationLabel(name), parseGGUFQuantLabel(name), name);
  assert.equal(quantizationLabel("m.q8_0.gguf"), "Q8_0");
});

test("shortestFloat32 returns the shortest decimal for a float32", () => {
  assert.deepEqual(
    [1e-5, 0.1, 500000, 1 / 3, 0].map((value) => shortestFloat32(Math.fround(value))),
    [1e-5, 0.1, 500000, 0.33333334, 0],
  );
});
