import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import fc from "fast-check";
import { InputError } from "../../../../src/base/errors.js";
import { tensor } from "../../../../src/graph/tensor.js";
import { readSafetensors, writeSafetensors } from "../../../../src/model/checkpoint/safetensors/safetensors.js";
import { SafetensorsFile } from "../../../../src/model/checkpoint/safetensors/safetensors-file.js";

let folder: string;
before(async () => void (folder = await mkdtemp(join(tmpdir(), "sera-safetensors-"))));
after(() => rm(folder, { recursive: true }));

const weights = tensor([2, 3], Float32Array.of(1, -2, 3.5, 0, -0, 1e-40));
const bias = tensor([2], Float32Array.of(NaN, Infinity));
const scalar = tensor([], Float32Array.of(7));
const empty = tensor([0, 4], new Float32Array(0));

test("written tensors and metadata are read back unchanged", async () => {
  const path = join(folder, "all.safetensors");
  await writeSafetensors(
    path,
    [
      ["w", weights],
      ["adam.m/b", bias],
      ["s", scalar],
      ["e", empty],
    ],
    { step: "12" },
  );
  const { tensors, metadata } = await readSafetensors(path);
  assert.deepEqual(
    [...tensors],
    [
      ["adam.m/b", bias],
      ["e", empty],
      ["s", scalar],
      ["w", weights],
    ],
  );
  assert.deepEqual({ ...metadata }, { format: "pt", step: "12" });
  assert.deepEqual(await readdir(folder), ["all.safetensors"]);
});

test("the same tensors give the same bytes in any order, with aligned data", async () => {
  const paths = [join(folder, "one.safetensors"), join(folder, "two.safetensors")] as const;
  await writeSafetensors(
    paths[0],
    [
      ["a", weights],
      ["b", bias],
    ],
    { x: "1", y: "2" },
  );
  await writeSafetensors(
    paths[1],
    new Map([
      ["b", bias],
      ["a", weights],
    ]),
    { y: "2", x: "1" },
  );
  const bytes = await readFile(paths[0]);
  assert.deepEqual(bytes, await readFile(paths[1]));
  assert.equal(bytes.readBigUInt64LE() % 8n, 0n);
  assert.match(bytes.subarray(8).toString(), /^\{"__metadata__":\{"format":"pt","x":"1","y":"2"\},"a":/);
});

test("a view into a larger array is written without the rest", async () => {
  const path = join(folder, "view.safetensors");
  await writeSafetensors(path, [["v", tensor([2], new Float32Array([1, 2, 3, 4]).subarray(1, 3))]]);
  assert.deepEqual([...(await readSafetensors(path)).tensors.get("v")!.data], [2, 3]);
});

test("tensors longer than one read are complete", async () => {
  const path = join(folder, "long.safetensors");
  const data = Float32Array.from({ length: (1 << 22) + 5 }, (_, i) => i);
  await writeSafetensors(path, [
    ["long", tensor([data.length], data)],
    ["short", scalar],
  ]);
  const { tensors } = await readSafetensors(path);
  assert.equal(Buffer.compare(Buffer.from(tensors.get("long")!.data.buffer), Buffer.from(data.buffer)), 0);
  assert.deepEqual(tensors.get("short"), scalar);
});

for (const [type, dtype, bytes] of [
  ["float16", "F16", 2],
  ["bfloat16", "BF16", 2],
  ["float32", "F32", 4],
] as const) {
  test(`tensors are written as ${type} on request, in several chunks`, async () => {
    const path = join(folder, `${type}.safetensors`);
    // Whole numbers below 256 are exact in every type.
    const long = tensor(
      [(1 << 22) + 5],
      Float32Array.from({ length: (1 << 22) + 5 }, (_, i) => i % 256),
    );
    await writeSafetensors(
      path,
      [
        ["long", long],
        ["scalar", scalar],
        ["e", empty],
      ],
      {},
      type,
    );
    const file = await SafetensorsFile.open(path);
    assert.deepEqual(
      [...file.tensors.values()].map((stored) => stored.dtype),
      [dtype, dtype, dtype],
    );
    assert.equal((await file.readAsStored("long")).data.byteLength, long.data.length * bytes);
    await file.close();
    const { tensors } = await readSafetensors(path);
    assert.equal(Buffer.compare(Buffer.from(tensors.get("long")!.data.buffer), Buffer.from(long.data.buffer)), 0);
    assert.deepEqual([tensors.get("scalar"), tensors.get("e")], [scalar, empty]);
  });
}

test("a number that would become infinite is named, and nothing is written", async () => {
  const path = join(folder, "overflow.safetensors");
  const large = tensor([2], Float32Array.of(1, -70000));
  await assert.rejects(
    writeSafetensors(
      path,
      [
        ["b", bias],
        ["w", large],
      ],
      {},
      "float16",
    ),
    /found -70000 in tensor "w", which would become infinite in F16, expected .* \(or write the weights as bfloat16 or float32\)/,
  );
  await assert.rejects(readFile(path), { code: "ENOENT" });
  await writeSafetensors(
    path,
    [
      ["b", bias],
      ["w", large],
    ],
    {},
    "bfloat16",
  );
  assert.deepEqual([...(await readSafetensors(path)).tensors.get("b")!.data], [NaN, Infinity]);
});

test("tensors of other types are listed, and refused only when they are read", async () => {
  const file = await SafetensorsFile.open("test/fixtures/safetensors/foreign.safetensors");
  const dtypes = [...file.tensors].map(([name, { dtype }]) => [name, dtype]);
  assert.deepEqual(dtypes.sort(), [
    ["attention.bias", "BOOL"],
    ["statistics", "F64"],
    ["weight", "F32"],
  ]);
  assert.deepEqual(await file.read("weight"), tensor([2, 3], Float32Array.of(0, 1, 2, 3, 4, 5)));
  await assert.rejects(
    file.read("attention.bias"),
    /foreign.safetensors: found tensor "attention.bias" of dtype "BOOL", expected one of F32, F16, BF16/,
  );
  await assert.rejects(file.readAsStored("none"), /no tensor "none"/);
  await file.close();
});

test("readAsStored returns the bits of the file", async () => {
  const file = await SafetensorsFile.open("test/fixtures/checkpoints/float16.safetensors");
  const { dtype, shape, data } = await file.readAsStored("hard");
  await file.close();
  assert.deepEqual([dtype, shape, data.constructor.name], ["F16", [14], "Uint16Array"]);
  assert.deepEqual([...data.subarray(0, 5), data.at(-1)], [0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x4248]);
});

test("a duplicate or reserved name is refused before anything is written", async () => {
  const path = join(folder, "taken.safetensors");
  await assert.rejects(
    writeSafetensors(path, [
      ["a", bias],
      ["a", bias],
    ]),
    /two tensors are named a/,
  );
  await assert.rejects(writeSafetensors(path, [["__metadata__", bias]]), RangeError);
  await assert.rejects(readFile(path), { code: "ENOENT" });
});

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const a = entry("F32", [2], 0, 8);
const refused: readonly [string, Buffer, RegExp][] = [
  ["an empty file", Buffer.alloc(0), /found 0 bytes, expected at least 8/],
  [
    "a header longer than the file",
    Buffer.concat([lengthOf(1000n), Buffer.from("{}")]),
    /header of 1000 bytes, expected at most 2/,
  ],
  [
    "an absurd header length",
    Buffer.concat([lengthOf(2n ** 63n), Buffer.from("{}")]),
    /header of 9223372036854775808 bytes/,
  ],
  ["a header that is not JSON", file("{nonsense", 0), /not JSON/],
  ["a header that is no object", file("[1]", 0), /expected record/],
  ["a header that is not UTF-8", Buffer.concat([lengthOf(2n), Buffer.from([0xff, 0xfe])]), /not UTF-8/],
  [
    "an unknown dtype",
    file({ a: entry("F8_E4M3", [2], 0, 2) }, 2),
    /tensor "a" of dtype "F8_E4M3", expected one of F32, F16, BF16/,
  ],
  [
    "a size that is not the shape's",
    file({ a: entry("F32", [3], 0, 8) }, 8),
    /tensor "a" of 8 bytes, expected 12 bytes, the size of F32 \[3\]/,
  ],
  [
    "offsets of an unknown dtype the wrong way round",
    file({ a: entry("F8_E4M3", [8], 8, 0) }, 8),
    /tensor "a" of -8 bytes/,
  ],
  ["offsets the wrong way round", file({ a: entry("F32", [2], 8, 0) }, 8), /tensor "a" of -8 bytes/],
  [
    "overlapping tensors",
    file({ a, b: entry("F32", [2], 4, 12) }, 12),
    /tensor "b" at bytes 4 to 12 of the data, expected it to begin at 8/,
  ],
  [
    "a gap between tensors",
    file({ a, b: entry("F32", [1], 12, 16) }, 16),
    /tensor "b" .* begin at 8, where the tensor before it ends/,
  ],
  ["a gap at the front", file({ a: entry("F32", [1], 4, 8) }, 8), /begin at 0, where the data begins/],
  ["data cut short", file({ a }, 7), /found 7 bytes of data, expected at least 8, where tensor "a" ends/],
  ["bytes after the last tensor", file({ a }, 9), /found 9 bytes of data, expected 8/],
  ["a name twice", file(`{"a":${JSON.stringify(a)}, "\\u0061" : ${JSON.stringify(a)}}`, 8), /two tensors named "a"/],
  ["no offsets", file({ a: { dtype: "F32", shape: [2] } }, 8), /tensor "a"\.data_offsets = nothing/],
  ["a negative axis", file({ a: entry("F32", [-2], 0, 8) }, 8), /tensor "a"\.shape\.0 = -2/],
  ["metadata that is not text", file({ __metadata__: { step: 1 } }, 0), /__metadata__\.step = 1, expected string/],
];

for (const [what, bytes, message] of refused) {
  test(`${what} is refused, with the name of the file`, async () => {
    const path = join(folder, "refused.safetensors");
    await writeFile(path, bytes);
    await assert.rejects(readSafetensors(path), (error: Error) => {
      assert.ok(error instanceof InputError, error.stack);
      assert.ok(error.message.startsWith(`${path}: found `), error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("a missing file is named", async () => {
  await assert.rejects(
    readSafetensors(join(folder, "none")),
    /none: no such file; expected weights in safetensors format/,
  );
});

test("a truncated file is refused, and one with a changed header byte is refused or keeps its shapes and values", async () => {
  const whole = join(folder, "whole.safetensors");
  const broken = join(folder, "broken.safetensors");
  await writeSafetensors(whole, [
    ["a", weights],
    ["b", scalar],
  ]);
  const bytes = await readFile(whole);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE());
  const change = async (at: number, byte: number) => {
    const changed = Buffer.from(bytes);
    changed[at] = byte;
    await writeFile(broken, changed);
    try {
      const { tensors } = await readSafetensors(broken);
      assert.deepEqual([...tensors.values()], [weights, scalar]);
    } catch (error) {
      assert.ok(error instanceof InputError, (error as Error).stack);
    }
  };
  // The header's length, which decides where the values begin.
  for (let byte = 0; byte < 256; byte++) await change(0, byte);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(headerEnd - 1), fc.nat(255), async (cut, at, byte) => {
      await writeFile(broken, bytes.subarray(0, cut));
      await assert.rejects(readSafetensors(broken), InputError);
      await change(at, byte);
    }),
    { numRuns: 150 },
  );
});

test("a layout is read if its tensors cover the data in some order, and refused for any gap, overlap or other size", async () => {
  const path = join(folder, "layout.safetensors");
  const sizes = fc.array(fc.nat(5), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.nat(),
      fc.constantFrom(-8, -4, 4, 8),
      fc.constantFrom("begin", "end", "both", "data"),
      async (lengths, pick, shift, what) => {
        let at = 0;
        const entries = lengths.map((length) => entry("F32", [length], at * 4, (at += length) * 4));
        const header = (changed: typeof entries) =>
          Object.fromEntries(changed.map((each, i) => [`t${i}`, each] as const).reverse());
        await writeFile(path, file(header(entries), at * 4));
        assert.equal((await readSafetensors(path)).tensors.size, lengths.length);

        const chosen = pick % lengths.length;
        const moved = entries.map(({ dtype, shape, data_offsets: [begin = 0, end = 0] }, i) =>
          i !== chosen
            ? entry(dtype, shape, begin, end)
            : entry(dtype, shape, begin + (what === "end" ? 0 : shift), end + (what === "begin" ? 0 : shift)),
        );
        // An empty tensor may lie anywhere between the others.
        fc.pre(what === "data" ? at * 4 + shift >= 0 : what !== "both" || lengths[chosen]! > 0);
        await writeFile(path, what === "data" ? file(header(entries), at * 4 + shift) : file(header(moved), at * 4));
        await assert.rejects(readSafetensors(path), InputError);
      },
    ),
    { numRuns: 200 },
  );
});

function lengthOf(size: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(size);
  return bytes;
}

function file(header: object | string, dataSize: number): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  return Buffer.concat([lengthOf(BigInt(text.length)), text, Buffer.alloc(dataSize)]);
}

test("a header of 98 MB is refused within limits of time and memory, whether nested, wide or one long name", async () => {
  const size = 98_000_000;
  const headers = {
    deep: "[".repeat(size),
    wide: `{"a":[${"[],".repeat(size / 3 - 10)}[]]}`,
    "a string": `{"${"a".repeat(size - 20)}":1}`,
    escapes: `{"${"\\\\".repeat(size / 2 - 20)}":1}`,
  };
  for (const [name, header] of Object.entries(headers)) {
    const path = join(folder, "large.safetensors");
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(path, Buffer.concat([length, Buffer.from(header)]));
    const before = process.memoryUsage.rss();
    const begin = performance.now();
    await assert.rejects(
      SafetensorsFile.open(path),
      (error: Error) =>
        error instanceof InputError &&
        error.message.startsWith(`${path}: `) &&
        error.message.length < path.length + 300,
      name,
    );
    assert.ok(performance.now() - begin < 20_000, name);
    assert.ok(process.memoryUsage.rss() - before < 1.2e9, name);
  }
});
