import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, it } from "node:test";

/** The rooms of src/ from the bottom up: each imports only from those before it. */
const rooms = [
  ...[
    "base",
    "graph",
    "engine",
    "hub",
    "progress",
    "stats",
    "model",
    "data",
    "align",
    "review",
    "bootstrap",
    "tabular",
    "run",
    "tracking",
    "sera.ts",
  ],
  ...["methods", "judge", "plot", "notebook", "cells", "kernel", "cli", "index.ts"],
];

/** The rooms of src/model/, likewise. */
const modelRooms = [
  ...[
    "config.ts",
    "presets.ts",
    "architectures",
    "parameters",
    "tokenizer",
    "checkpoint",
    "policy",
    "scoring",
    "generation",
    "index.ts",
  ],
];

/** The doors of the rooms of src/model/: files outside a room import only these of its files. */
const doors: Readonly<Record<string, readonly string[]>> = {
  architectures: ["index.ts", "decoder.ts", "modules.ts", "network.ts", "parts/attention.ts", "parts/mask.ts"],
  parameters: [
    "parameters.ts",
    "memory.ts",
    "network.ts",
    "lora/lora.ts",
    "lora/dropout.ts",
    "quantization/quantized-weights.ts",
    "quantization/quantize.ts",
  ],
  tokenizer: [
    "tokenizer.ts",
    "load-tokenizer.ts",
    "train-tokenizer.ts",
    "chat/chat.ts",
    "tokenizer-json/written-parts.ts",
  ],
  checkpoint: [
    ...[
      "checkpoint.ts",
      "checkpoint-source.ts",
      "fetch-checkpoint.ts",
      "tensor-source.ts",
      "weight-files.ts",
      "write-weights.ts",
    ],
    ...["adapters/adapter-config.ts", "adapters/adapter-files.ts", "gguf/file-names.ts", "safetensors/safetensors.ts"],
  ],
  policy: ["fingerprint.ts", "policy.ts", "policy-files.ts", "push.ts"],
  scoring: ["batch.ts", "batch-cost.ts", "embed.ts", "log-probs.ts", "score.ts"],
  generation: ["generate.ts", "guidance.ts", "linear-alignment.ts", "stream.ts"],
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map((name) => String(name).replaceAll("\\", "/"));
}

/** Returns the paths within src/ of what a file imports. */
function importsOf(file: string): string[] {
  const text = readFileSync(join("src", file), "utf8");
  const found = text.matchAll(/(?:from|import\(|import) ?"(\.[^"]+)"/g);
  return [...found].map(([, path]) => posix.normalize(posix.join(posix.dirname(file), path!)).replace(/\.js$/, ".ts"));
}

const files = filesBelow("src").filter((name) => name.endsWith(".ts"));
const imports = files.flatMap((file) => importsOf(file).map((path) => ({ file, path })));
const told = ({ file, path }: { file: string; path: string }) => `${file} imports ${path}`;

/** The room below `floor` ("" or "model/") that a file is in; undefined if it is elsewhere. */
const roomOf = (floor: string, file: string) =>
  file.startsWith(floor) ? file.slice(floor.length).split("/")[0]! : undefined;

function upward(floor: string, order: readonly string[]): string[] {
  const height = (file: string) => order.indexOf(roomOf(floor, file)!);
  return imports
    .filter(({ file, path }) => file.startsWith(floor) && path.startsWith(floor) && height(path) > height(file))
    .map(told);
}

function unknownRooms(floor: string, order: readonly string[]): string[] {
  return [...new Set(files.map((file) => roomOf(floor, file)))].filter(
    (room) => room !== undefined && !order.includes(room),
  ) as string[];
}

describe("the rooms of src/", () => {
  it("import only from rooms below them", () => {
    assert.ok(files.length > 200);
    assert.deepEqual(unknownRooms("", rooms), []);
    assert.deepEqual(upward("", rooms), []);
  });
});

describe("the rooms of src/model/", () => {
  it("import only from rooms below them", () => {
    assert.deepEqual(unknownRooms("model/", modelRooms), []);
    assert.deepEqual(upward("model/", modelRooms), []);
  });

  it("are imported only through their doors, and every door is used", () => {
    const entrances = imports.flatMap(({ file, path }) => {
      const room = roomOf("model/", path);
      return room !== undefined && Object.hasOwn(doors, room) && roomOf("model/", file) !== room
        ? [{ file, path, room }]
        : [];
    });
    const others = entrances.filter(({ path, room }) => !doors[room]!.includes(path.slice(`model/${room}/`.length)));
    assert.deepEqual(others.map(told), []);
    const used = new Set(entrances.map(({ path }) => path));
    const unused = Object.entries(doors).flatMap(([room, names]) =>
      names.map((name) => `model/${room}/${name}`).filter((path) => !used.has(path)),
    );
    assert.deepEqual(unused, []);
  });

  it("keep the parts of architectures independent of the architectures", () => {
    const architectures = "model/architectures/";
    const below = ["config-fields.ts", "modules.ts", "network.ts"].map((name) => architectures + name);
    const parts = imports.filter(({ file }) => file.startsWith(`${architectures}parts/`));
    assert.ok(parts.length > 10);
    const ofArchitectures = parts.filter(
      ({ path }) =>
        path.startsWith(architectures) && !path.startsWith(`${architectures}parts/`) && !below.includes(path),
    );
    assert.deepEqual(ofArchitectures.map(told), []);
  });

  it("have tests in folders of the same names", () => {
    const tests = filesBelow("test/model").filter((name) => name.endsWith(".test.ts"));
    assert.ok(tests.length > 40);
    const astray = tests.filter((name) => !existsSync(join("src/model", posix.dirname(name))));
    assert.deepEqual(astray, []);
  });
});
