import type { Random } from "../../src/base/random.js";

/** Values to put in place of a field's own. */
const oddValues: readonly string[] = [
  ...[
    "null",
    "true",
    "false",
    "[]",
    "{}",
    '""',
    "0",
    "-1",
    "-0",
    "0.5",
    "1e308",
    "1e999",
    "1000000000",
    "4294967296",
    "9007199254740993",
    "18446744073709551616",
  ],
  ...[
    '"\\u0000"',
    '"\\ud800"',
    '"__proto__"',
    '{"__proto__":{"a":1}}',
    '"../../../etc/passwd"',
    '"(a+)+b"',
    '"<script>alert(1)</script>"',
    '"{{ 10 ** 10 }}"',
  ],
  ...[
    "[[[[[]]]]]",
    `${"[".repeat(5000)}`,
    `${"[".repeat(300)}${"]".repeat(300)}`,
    `${'{"a":'.repeat(300)}1${"}".repeat(300)}`,
    JSON.stringify("a".repeat(100_000)),
    "[1,2,3]",
    '["a","b"]',
    '{"a":"b"}',
  ],
];

type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const at = (bytes: Buffer, random: Random) => random.integer(bytes.length + 1);

/** A range of up to 64 bytes, or sometimes of any length. */
function range(bytes: Buffer, random: Random): readonly [number, number] {
  const start = at(bytes, random);
  const most = random.uniform() < 0.8 ? 64 : bytes.length;
  return [start, Math.min(bytes.length, start + 1 + random.integer(most + 1))];
}

const join = (...parts: readonly (Buffer | string)[]) => Buffer.concat(parts.map((part) => Buffer.from(part)));

/** Mutations of any bytes. */
const ofBytes: readonly Mutation[] = [
  // One bit, one byte, several bytes.
  (bytes, random) => changed(bytes, random, 1, (byte) => byte ^ (1 << random.integer(8))),
  (bytes, random) => changed(bytes, random, 1, () => random.pick([0, 1, 0x7f, 0x80, 0xff, random.integer(256)])),
  (bytes, random) => changed(bytes, random, 2 + random.integer(30), () => random.integer(256)),
  // The end cut off, a part removed, a part repeated, two parts swapped.
  (bytes, random) => bytes.subarray(0, at(bytes, random)),
  (bytes, random) => {
    const [start, end] = range(bytes, random);
    return join(bytes.subarray(0, start), bytes.subarray(end));
  },
  (bytes, random) => {
    const [start, end] = range(bytes, random);
    return join(
      bytes.subarray(0, end),
      ...Array.from({ length: random.pick([1, 1, 2, 100]) }, () => bytes.subarray(start, end)),
      bytes.subarray(end),
    );
  },
  (bytes, random) => {
    const [a, b] = [at(bytes, random), at(bytes, random)].sort((x, y) => x - y) as [number, number];
    return join(bytes.subarray(b), bytes.subarray(a, b), bytes.subarray(0, a));
  },
  // Other bytes inserted.
  (bytes, random) => {
    const place = at(bytes, random);
    const noise = Buffer.from(Array.from({ length: 1 + random.integer(40) }, () => random.integer(256)));
    return join(bytes.subarray(0, place), noise, bytes.subarray(place));
  },
  // The beginning of this file with the end of another.
  (bytes, random, others) => {
    const other = random.pick(others);
    return join(bytes.subarray(0, at(bytes, random)), other.subarray(at(other, random)));
  },
  // Numbers of the format itself: lengths, counts, offsets.
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    if (copy.length < 8) return copy;
    copy.writeBigUInt64LE(
      random.pick([0n, 1n, 0xffn, 0x7fffffffn, 0xffffffffn, 2n ** 53n, 2n ** 64n - 1n]),
      random.integer(copy.length - 7),
    );
    return copy;
  },
];

/** Mutations of text. */
const ofText: readonly Mutation[] = [
  // A number, or a string, becomes something else.
  (bytes, random) => replacedMatch(bytes, random, /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g),
  (bytes, random) => replacedMatch(bytes, random, /"(?:[^"\\]|\\.){0,200}"/g),
  (bytes, random) => replacedMatch(bytes, random, /"(?:[^"\\]|\\.){0,200}"(?=\s*:)/g),
  // A JSON value anywhere in it becomes something else, or is removed.
  ofJson,
  ofJson,
  // A line repeated, removed, or moved.
  (bytes, random) => {
    const lines = bytes.toString("latin1").split("\n");
    const line = lines.splice(random.integer(lines.length), 1)[0]!;
    for (let times = random.integer(3); times > 0; times--) lines.splice(random.integer(lines.length + 1), 0, line);
    return Buffer.from(lines.join("\n"), "latin1");
  },
];

function changed(bytes: Buffer, random: Random, times: number, to: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return copy;
  for (let i = 0; i < times; i++) {
    const place = random.integer(copy.length);
    copy[place] = to(copy[place]!);
  }
  return copy;
}

function replacedMatch(bytes: Buffer, random: Random, pattern: RegExp): Buffer {
  const text = bytes.toString("latin1");
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return Buffer.from(random.pick(oddValues));
  const { 0: match, index } = random.pick(matches);
  return Buffer.from(text.slice(0, index) + random.pick(oddValues) + text.slice(index + match.length), "latin1");
}

/** Changes one value in a JSON text, or in one line of a text with JSON lines. */
function ofJson(bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString("utf8");
  const lines = isJson(text) ? [text] : text.split("\n");
  const line = random.integer(lines.length);
  if (!isJson(lines[line]!)) return Buffer.from(random.pick(oddValues));
  const root: { value: unknown } = { value: JSON.parse(lines[line]!) };
  const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
  const pending: unknown[] = [root];
  while (pending.length > 0 && places.length < 5000) {
    const holder = pending.pop() as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      if (typeof holder[key] === "object" && holder[key] !== null) pending.push(holder[key]);
    }
  }
  const { holder, key } = random.pick(places);
  const mark = "\u0001odd\u0001";
  if (random.uniform() < 0.2 && holder !== root) delete holder[key];
  else holder[key] = mark;
  lines[line] = (JSON.stringify(root.value) ?? "").replace(JSON.stringify(mark), () => random.pick(oddValues));
  return Buffer.from(lines.join("\n"));
}

function isJson(text: string): boolean {
  try {
    return JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Makes one to three changes to a file, as damage or an attacker may.
 *
 * @param isText whether to make changes of text too
 * @param others files of the same kind, to mix with
 */
export function mutant(bytes: Buffer, random: Random, isText: boolean, others: readonly Buffer[]): Buffer {
  const mutations = isText ? [...ofBytes, ...ofText, ...ofText] : ofBytes;
  let result = bytes;
  for (let times = random.pick([1, 1, 2, 3]); times > 0; times--)
    result = random.pick(mutations)(result, random, others);
  return result;
}
