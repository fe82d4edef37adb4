import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Random } from "../../../../src/base/random.js";
import { ModelMetadata } from "../../../../src/model/checkpoint/gguf/architectures/architecture.js";
import { ggufArchitecture } from "../../../../src/model/checkpoint/gguf/architectures/index.js";
import { blockFormats } from "../../../../src/model/checkpoint/gguf/block-formats.js";
import { NamedWeights } from "../../../../src/model/checkpoint/gguf/named-weights.js";
import { GgufParts } from "../../../../src/model/checkpoint/gguf/split-files.js";
import { dequantizeRows } from "../../../../src/model/parameters/quantization/quantize.js";
import { emptyFolder } from "../../../support/folder.js";
import { ggufBytes } from "../../../support/gguf-bytes.js";

const types = { Q4_0: 2, Q8_0: 8, Q4_1: 3 } as const;

/** Blocks of random whole numbers with scales from 2⁻¹⁰ to 1. */
function randomBlocks(type: keyof typeof types, numbers: number, random: Random): Buffer {
  const { bytes } = blockFormats[type];
  const data = Buffer.from(Uint8Array.from({ length: (numbers / 32) * bytes }, () => random.integer(256)));
  for (let at = 0; at < data.length; at += bytes)
    data.writeUInt16LE(0x1400 + random.integer(0x2800) + (random.integer(2) << 15), at);
  return data;
}

const cases = [
  {
    architecture: "llama",
    stored: "blk.0.attn_q",
    name: "model.layers.0.self_attn.q_proj",
    outputs: 64,
    what: "rows in another order",
    turned: false,
  },
  {
    architecture: "llama",
    stored: "blk.0.ffn_up",
    name: "model.layers.0.mlp.up_proj",
    outputs: 64,
    what: "rows as they are",
    turned: false,
  },
  {
    architecture: "gptneox",
    stored: "blk.0.attn_qkv",
    name: "gpt_neox.layers.0.attention.query_key_value",
    outputs: 96,
    what: "fused heads",
    turned: false,
  },
  {
    architecture: "gpt2",
    stored: "blk.0.attn_qkv",
    name: "transformer.h.0.attn.c_attn",
    outputs: 96,
    what: "[in, out] in Hugging Face's layout",
    turned: true,
  },
];

describe("the quantized blocks of a GGUF file", () => {
  for (const { architecture, stored, name, outputs, what, turned } of cases) {
    for (const type of ["Q8_0", "Q4_0"] as const) {
      it(`match the weights read as float32: ${type}, ${what} (${architecture})`, async (test) => {
        const inputs = 64;
        const path = join(emptyFolder(test), "model.gguf");
        const data = randomBlocks(type, inputs * outputs, Random.seeded(outputs));
        const metadata = [
          ["general.architecture", architecture],
          [`${architecture}.attention.head_count`, { u32: 4 }],
          [`${architecture}.attention.head_count_kv`, { u32: 2 }],
        ] as const;
        writeFileSync(
          path,
          ggufBytes(metadata, [{ name: `${stored}.weight`, dimensions: [inputs, outputs], type: types[type], data }]),
        );
        const file = await GgufParts.open(path);
        test.after(() => file.close());
        const weights = new NamedWeights(
          file,
          ggufArchitecture(file.metadata),
          new ModelMetadata(architecture, file.metadata, () => true, new Map()),
        );
        const rows = (await weights.readBlocks(`${name}.weight`))!;
        assert.deepEqual([rows.bits, rows.rows, rows.columns], [type === "Q8_0" ? 8 : 4, outputs, inputs]);
        const { data: read } = await weights.read(`${name}.weight`);
        const expected = turned
          ? Float32Array.from(read, (_, i) => read[(i % inputs) * outputs + Math.floor(i / inputs)]!)
          : read;
        assert.deepEqual(dequantizeRows(rows), expected);
        assert.ok(new Set(expected).size > 100);
      });
    }
  }

  it("are undefined for a format without such blocks", async (test) => {
    const path = join(emptyFolder(test), "model.gguf");
    writeFileSync(
      path,
      ggufBytes(
        [["general.architecture", "llama"]],
        [{ name: "x.weight", dimensions: [32, 2], type: types.Q4_1, data: Buffer.alloc(40) }],
      ),
    );
    const file = await GgufParts.open(path);
    test.after(() => file.close());
    assert.equal(await file.readBlocks("x.weight"), undefined);
  });
});
