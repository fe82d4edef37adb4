import assert from "node:assert/strict";
import { copyFileSync, openSync, readFileSync, ftruncateSync, closeSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { InputError } from "../../../../src/base/errors.js";
import { loadCheckpoint } from "../../../../src/model/checkpoint/checkpoint.js";
import { GgufFile } from "../../../../src/model/checkpoint/gguf/gguf-file.js";
import { openGguf } from "../../../../src/model/checkpoint/gguf/open-gguf.js";
import { emptyFolder } from "../../../support/folder.js";
import { ggufBytes, text, u32, u64, type GgufTensor, type GgufValue } from "../../../support/gguf-bytes.js";

const whole = readFileSync("test/fixtures/gguf/llama.gguf");

/** Opens a file with these bytes; the path in an error is shortened to x.gguf. */
async function open(t: TestContext, bytes: Buffer): Promise<void> {
  const path = join(emptyFolder(t), "x.gguf");
  writeFileSync(path, bytes);
  try {
    await (await openGguf(path)).weights.close();
  } catch (error) {
    assert.ok(error instanceof InputError, `${(error as Error).stack}`);
    assert.ok(error.message.startsWith(`${path}`), error.message);
    throw new InputError(error.message.slice(path.length - "x.gguf".length));
  }
}

/** The fixture with bytes after the first occurrence of a text replaced. */
function changed(after: string, ...bytes: readonly Buffer[]): Buffer {
  const copy = Buffer.from(whole);
  const at = copy.indexOf(after);
  assert.ok(at > 0, after);
  Buffer.concat(bytes).copy(copy, at + after.length);
  return copy;
}

const minimal: readonly (readonly [string, GgufValue])[] = [
  ["general.architecture", "llama"],
  ["llama.block_count", { u32: 1 }],
];
const numbers = (count: number) => Buffer.alloc(4 * count);
const embedding: GgufTensor = { name: "token_embd.weight", dimensions: [8, 4], data: numbers(32) };

describe("GGUF files that are refused", () => {
  test("a file that is cut short", async (t) => {
    const dataStart = whole.indexOf("output_norm.weight");
    for (let length = 0; length < whole.length - 32; length += length < dataStart ? 397 : 6007) {
      await assert.rejects(open(t, whole.subarray(0, length)), { name: "InputError" }, `${length}`);
    }
    await assert.rejects(open(t, whole.subarray(0, 5000)), {
      message:
        "x.gguf: found an end at byte 5000, within the header, expected at least 5008 bytes: the file is cut short",
    });
    await assert.rejects(open(t, whole.subarray(0, 12)), {
      message: "x.gguf: found an end at byte 12, within the header, expected at least 16 bytes: the file is cut short",
    });
    await assert.rejects(
      open(t, whole.subarray(0, whole.length - 500)),
      /the tensor ".*" at bytes \d+ to \d+, expected an end within the file's \d+ bytes: it is cut short, or the place is wrong$/,
    );
    await open(t, whole);
  });

  test("another format, another version, a big-endian file, and a missing file", async (t) => {
    await assert.rejects(open(t, Buffer.from("PK\u0003\u0004 and more")), {
      message: 'x.gguf: found a beginning of "PK\\u0003\\u0004", expected "GGUF" and a version',
    });
    await assert.rejects(open(t, Buffer.concat([Buffer.from("GGUF"), u32(1), Buffer.alloc(64)])), {
      message: "x.gguf: found GGUF version 1, expected version 2 or 3, little-endian",
    });
    const bigEndian = Buffer.concat([Buffer.from("GGUF"), Buffer.from([0, 0, 0, 3]), Buffer.alloc(64)]);
    await assert.rejects(open(t, bigEndian), {
      message: "x.gguf: found a big-endian GGUF, expected version 2 or 3, little-endian",
    });
    await assert.rejects(openGguf("test/fixtures/gguf/none.gguf"), {
      name: "InputError",
      message: `test/fixtures/gguf/none.gguf: no such file in ${process.cwd()}; expected a model in GGUF format`,
    });
  });

  test("a tensor in an unsupported format, by name", async (t) => {
    const place = "blk.0.ffn_down.weight";
    const inFormat = (type: number) => changed(place, u32(2), u64(96), u64(64), u32(type));
    const known = "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K";
    await assert.rejects(open(t, inFormat(23)), {
      message: `x.gguf: found the tensor "${place}" in IQ4_XS, expected one of ${known}`,
    });
    await assert.rejects(open(t, inFormat(250)), {
      message: `x.gguf: found the tensor "${place}" in type 250, expected one of ${known}`,
    });
    await assert.rejects(open(t, inFormat(12)), {
      message: `x.gguf: found the tensor "${place}" of shape [64,96] in Q4_K, expected rows of a multiple of 256 numbers`,
    });
  });

  test("overlapping, duplicate, empty and oversized tensors", async (t) => {
    const second = { name: "output_norm.weight", dimensions: [8], data: numbers(8) };
    const at = (offset: number) => ggufBytes(minimal, [embedding, { ...second, offset }]);
    await assert.rejects(
      open(t, at(64)),
      /the tensor "output_norm\.weight" at byte \d+, expected byte \d+ at least: two tensors would share their place$/,
    );
    await assert.rejects(
      open(t, at(2 ** 40)),
      /the tensor "output_norm\.weight" at bytes \d+ to \d+, expected an end within the file's \d+ bytes/,
    );
    await assert.rejects(
      open(t, ggufBytes(minimal, [embedding, embedding])),
      /the tensor "token_embd\.weight" twice, expected one of each name$/,
    );
    await assert.rejects(
      open(t, ggufBytes(minimal, [{ ...embedding, dimensions: [2 ** 31, 2 ** 31] }])),
      /of shape \[2147483648,2147483648\] in F32, expected a size that memory could hold$/,
    );
    await assert.rejects(
      open(t, ggufBytes(minimal, [{ ...embedding, dimensions: [0, 4] }])),
      /of shape \[4,0\] in F32, expected dimensions above 0$/,
    );
  });

  test("an unknown architecture, and sizes that do not match the tensors", async (t) => {
    const architectures = /x\.gguf: found general\.architecture = "mamba", expected one of llama, /;
    await assert.rejects(open(t, ggufBytes([["general.architecture", "mamba"]], [])), architectures);
    await assert.rejects(open(t, ggufBytes([], [])), {
      message: "x.gguf: found general.architecture = nothing, expected string",
    });
    await assert.rejects(
      open(t, changed("llama.block_count", u32(4), u32(1_000_000_000))),
      /llama\.block_count = 1000000000, expected at most the \d+ tensors of the file$/,
    );
    await assert.rejects(
      open(t, changed("llama.block_count", u32(4), u32(3))),
      /no parameter "model\.layers\.2\.input_layernorm\.weight"/,
    );
    await assert.rejects(open(t, changed("llama.attention.head_count_kv", u32(4), u32(3))), /num_key_value_heads = 3/);
    await assert.rejects(
      open(t, changed("llama.rope.dimension_count", u32(4), u32(8))),
      /partial_rotary_factor = 0\.5/,
    );
    await assert.rejects(
      open(t, ggufBytes(minimal, [{ ...embedding, name: "x" }])),
      /no tensor "token_embd\.weight", expected the embedding of tokens$/,
    );
  });

  test("unsupported settings of the Llama family", async (t) => {
    const sizes = (name: string): [string, GgufValue][] => [
      ["general.architecture", name],
      ...["block_count", "embedding_length", "feed_forward_length", "context_length", "attention.head_count"].map(
        (key): [string, GgufValue] => [
          `${name}.${key}`,
          { u32: key === "block_count" ? 1 : key === "attention.head_count" ? 4 : 8 },
        ],
      ),
      [`${name}.attention.layer_norm_rms_epsilon`, { f32: 1e-6 }],
    ];
    const bytes = (name: string, ...more: readonly (readonly [string, GgufValue])[]) =>
      ggufBytes(
        [...sizes(name), ...more.map(([key, value]): [string, GgufValue] => [`${name}.${key}`, value])],
        [embedding],
      );
    await assert.rejects(open(t, bytes("granite", ["rope.scaling.finetuned", false])), {
      message: "x.gguf: found granite.rope.scaling.finetuned = false, expected true: heads with rotary positions",
    });
    await assert.rejects(open(t, bytes("granite")), {
      message: "x.gguf: found granite.logit_scale = nothing, expected a number",
    });
    await assert.rejects(open(t, bytes("olmo2", ["attention.sliding_window", { u32: 4096 }])), {
      message: "x.gguf: found olmo2.attention.sliding_window = 4096, expected none, as in OLMo 2",
    });
    const yarn = [
      ["rope.scaling.type", "yarn"],
      ["rope.scaling.factor", { f32: 4 }],
    ] as const;
    await assert.rejects(open(t, bytes("qwen3", ...yarn, ["rope.scaling.yarn_log_multiplier", { f32: 0.1 }])), {
      message: "x.gguf: found qwen3.rope.scaling.yarn_log_multiplier = 0.1, expected 0",
    });
    await assert.rejects(
      open(t, bytes("qwen3", ["rope.scaling.type", "longrope"])),
      /rope_parameters\.short_factor = nothing, expected array$/,
    );
    const pattern =
      /gemma3\.attention\.sliding_window_pattern = "six", expected a number of layers, or a flag for each layer$/;
    await assert.rejects(open(t, bytes("gemma3", ["attention.sliding_window_pattern", "six"])), pattern);
  });

  test("a vocabulary of another size than the embedding", async (t) => {
    const dimensions = changed("token_embd.weight", u32(2), u64(64), u64(404));
    await assert.rejects(open(t, dimensions), {
      message: "x.gguf: found a vocabulary of 416 tokens, expected 404, the rows of token_embd.weight",
    });
  });

  test("rotary divisors other than Llama 3's", async (t) => {
    const copy = Buffer.from(readFileSync("test/fixtures/gguf/llama3.gguf"));
    const file = await GgufFile.open("test/fixtures/gguf/llama3.gguf");
    const { begin } = file.tensors.get("rope_freqs.weight")!;
    await file.close();
    copy.writeFloatLE(7, begin + 8);
    await assert.rejects(
      open(t, copy),
      /divisors of rotary frequencies in rope_freqs\.weight, expected those of Llama 3\.1's scaling/,
    );
  });

  test("malformed metadata", async (t) => {
    const twice = ggufBytes([...minimal, ["llama.block_count", { u32: 2 }]], [embedding]);
    await assert.rejects(open(t, twice), {
      message: 'x.gguf: found "llama.block_count" twice, expected each key once',
    });
    const notText = { raw: Buffer.concat([u32(8), u64(2), Buffer.from([0xff, 0xfe])]) };
    await assert.rejects(
      open(t, ggufBytes([["general.name", notText]], [])),
      /a text that is not UTF-8, .*, expected UTF-8$/,
    );
    const nested = { raw: Buffer.concat([u32(9), u32(9), u64(1), u32(4), u64(1), u32(7)]) };
    await assert.rejects(open(t, ggufBytes([["x", nested]], [])), {
      message: 'x.gguf: found lists within the list "x", expected metadata without nested lists',
    });
    await assert.rejects(open(t, ggufBytes([["x", { raw: Buffer.concat([u32(13), u32(0)]) }]], [])), {
      message: "x.gguf: found x of type 13, expected a type of GGUF's metadata, 0 to 12",
    });
    const endless = { raw: Buffer.concat([u32(9), u32(0), u64(2 ** 40)]) };
    const why = "the file is cut short, or its header is not its own";
    await assert.rejects(
      open(t, ggufBytes([["x", endless]], [])),
      new RegExp(`1099511627776 entries of x, expected what \\d+ bytes can hold: ${why}$`),
    );
    await assert.rejects(
      open(t, Buffer.concat([Buffer.from("GGUF"), u32(3), u64(0), u64(2 ** 50)])),
      /1125899906842624 metadata, expected what 0 bytes can hold/,
    );
    const manyDimensions = { ...embedding, dimensions: [2, 2, 2, 2, 2] };
    await assert.rejects(
      open(t, ggufBytes(minimal, [manyDimensions])),
      /the tensor "token_embd\.weight" with 5 dimensions, expected 4 at most$/,
    );
  });

  test("a header of more than 32 MB, without reading all of it", async (t) => {
    const path = join(emptyFolder(t), "x.gguf");
    const file = openSync(path, "w");
    writeSync(file, Buffer.concat([Buffer.from("GGUF"), u32(3), u64(0), u64(1000)]));
    for (let i = 0; i < 400; i++) writeSync(file, Buffer.concat([text(`key ${i}`), u32(8), text("x".repeat(100_000))]));
    ftruncateSync(file, 100 * 2 ** 20);
    closeSync(file);
    const before = process.memoryUsage().rss;
    await assert.rejects(openGguf(path), {
      name: "InputError",
      message: `${path}: its header is larger than 33554432 bytes, which no known model needs`,
    });
    assert.ok(process.memoryUsage().rss - before < 300e6, `${(process.memoryUsage().rss - before) / 1e6} MB`);
  });
});

describe("a model split over several files", () => {
  const [first, second] = [
    ggufBytes(
      [
        ["general.architecture", "none"],
        ["split.no", { u32: 0 }],
        ["split.count", { u32: 2 }],
      ],
      [embedding],
    ),
    ggufBytes(
      [
        ["split.no", { u32: 1 }],
        ["split.count", { u32: 2 }],
      ],
      [{ ...embedding, name: "output_norm.weight" }],
    ),
  ];
  const names = ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"] as const;

  test("is opened by any of its parts and requires all of them", async (t) => {
    const folder = emptyFolder(t);
    writeFileSync(join(folder, names[0]), first);
    await assert.rejects(openGguf(join(folder, names[0])), {
      name: "InputError",
      message: `${join(folder, names[1])}: no such file; expected a model in GGUF format`,
    });
    writeFileSync(join(folder, names[1]), second);
    // Both exist, so the error is now about the architecture in the first.
    for (const name of names)
      await assert.rejects(
        openGguf(join(folder, name)),
        new RegExp(`^InputError: ${join(folder, names[0])}: found general.architecture = "none"`),
      );
    writeFileSync(join(folder, names[1]), first);
    await assert.rejects(
      openGguf(join(folder, names[0])),
      /00002-of-00002\.gguf: found part 1 of 2, expected part 2 of 2, as its name says/,
    );
  });

  test("is refused if the name of a part lacks its number", async (t) => {
    const path = join(emptyFolder(t), "m.gguf");
    writeFileSync(path, first);
    await assert.rejects(
      openGguf(path),
      /m\.gguf: found part 1 of 2, expected part 1 of 1, as its name says; the names of parts end in -00001-of-00002\.gguf$/,
    );
  });

  test("is refused if two parts contain the same tensor", async (t) => {
    const folder = emptyFolder(t);
    writeFileSync(join(folder, names[0]), first);
    writeFileSync(
      join(folder, names[1]),
      ggufBytes(
        [
          ["split.no", { u32: 1 }],
          ["split.count", { u32: 2 }],
        ],
        [embedding],
      ),
    );
    await assert.rejects(
      openGguf(join(folder, names[0])),
      /00002-of-00002\.gguf: the tensor token_embd\.weight is in .*00001-of-00002\.gguf too$/,
    );
  });

  test("has the config, weights and tokenizer of the same model in one file", async (t) => {
    const path = "test/fixtures/gguf/gpt2.gguf";
    const file = await GgufFile.open(path);
    const tensors: GgufTensor[] = [];
    for (const [name, { shape }] of file.tensors)
      tensors.push({ name, dimensions: shape.toReversed(), data: Buffer.from((await file.read(name)).data.buffer) });
    await file.close();
    const folder = emptyFolder(t);
    const partName = (i: number) => join(folder, `m-0000${i + 1}-of-00003.gguf`);
    for (const i of [0, 1, 2]) {
      const split: [string, GgufValue][] = [
        ["split.no", { u32: i }],
        ["split.count", { u32: 3 }],
      ];
      const own = tensors.filter((_, at) => at % 3 === i);
      writeFileSync(partName(i), i === 0 ? withMetadataOf(path, split, own) : ggufBytes(split, own));
    }
    const [found, expected] = [await loadCheckpoint(partName(1)), await loadCheckpoint(path)];
    assert.deepEqual([found.config, found.parameters], [expected.config, expected.parameters]);
    assert.deepEqual(found.tokenizer.files, expected.tokenizer.files);
  });

  test("can consist of a single numbered part", async (t) => {
    const folder = emptyFolder(t);
    copyFileSync("test/fixtures/gguf/llama.gguf", join(folder, "m-00001-of-00001.gguf"));
    const { weights } = await openGguf(join(folder, "m-00001-of-00001.gguf"));
    assert.equal((await weights.read("model.norm.weight")).data.length, 64);
    await weights.close();
  });
});

/** A file with all metadata of another file, followed by these metadata and tensors. */
function withMetadataOf(path: string, more: readonly [string, GgufValue][], tensors: readonly GgufTensor[]): Buffer {
  const bytes = readFileSync(path);
  // Its first key, and all that follows up to the table of tensors.
  const keyEnd = 32 + Number(bytes.readBigUInt64LE(24));
  const raw = bytes.subarray(keyEnd, bytes.indexOf(text(tensors[0]!.name)));
  const made = ggufBytes([[bytes.toString("utf8", 32, keyEnd), { raw }], ...more], tensors);
  made.writeBigUInt64LE(bytes.readBigUInt64LE(16) + BigInt(more.length), 16);
  return made;
}
