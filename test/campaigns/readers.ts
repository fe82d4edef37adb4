import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { loadDemonstrations } from "../../src/data/load-demonstrations.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { tokenizePairs } from "../../src/data/tokenize.js";
import { loadTemplate } from "../../src/judge/llm/template.js";
import { loadResponses } from "../../src/judge/load-responses.js";
import { readAdapter } from "../../src/model/checkpoint/adapters/adapter-files.js";
import { loadCheckpoint } from "../../src/model/checkpoint/checkpoint.js";
import { readAll } from "../../src/model/checkpoint/tensor-source.js";
import { loadTokenizer } from "../../src/model/tokenizer/load-tokenizer.js";
import { openGguf } from "../../src/model/checkpoint/gguf/open-gguf.js";
import { readSafetensors } from "../../src/model/checkpoint/safetensors/safetensors.js";

/** A kind of file that the library reads: some good files, and how to read one as a user would. */
export interface InputKind {
  readonly isText: boolean;
  readonly good: () => readonly Buffer[];
  /** Share of the attempts with this kind, relative to the other shares. */
  readonly share: number;
  /**
   * Writes the file, with the other files that it needs, to an empty folder, and reads it.
   *
   * @throws the error that a user would see
   */
  readonly read: (bytes: Buffer, folder: string) => Promise<unknown>;
}

const checkpoint = "test/fixtures/checkpoints/tiny";
const adapter = "test/fixtures/adapters/llama";
const texts = [
  "What is DPO?",
  " the  fox\n\njumps 42 times",
  "ünïcödé 猫 👍🏽",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "",
];

const filesIn = (folder: string, end: RegExp) =>
  readdirSync(folder)
    .filter((name) => end.test(name))
    .map((name) => readFileSync(join(folder, name)));
const lines = (...rows: readonly unknown[]) => Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

const pairs = (): Buffer[] => {
  const user = { role: "user", content: "hello" };
  const answer = (content: string) => ({ role: "assistant", content });
  return [
    Buffer.from(readFileSync("data/world/train.jsonl", "utf8").split("\n").slice(0, 12).join("\n")),
    lines(
      ...["a", "b", "c"].map((id) => ({
        id,
        prompt: [user],
        chosen: [answer(`yes ${id}`)],
        rejected: [answer(`no ${id}`)],
        score_chosen: 1,
        score_rejected: 0,
      })),
    ),
    lines(
      { chosen: "\n\nHuman: hi\n\nAssistant: yes", rejected: "\n\nHuman: hi\n\nAssistant: no" },
      { chosen: "\n\nHuman: hi\n\nAssistant: y", rejected: "\n\nHuman: hi\n\nAssistant: n" },
    ),
  ];
};

/** Writes a file and reads it: first without its bad rows, which must be named, then as it is. */
const readPairs = (name: string) => async (bytes: Buffer, folder: string) => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const skipping = await loadPreferences(path, { skipBadRows: true }).catch((error: unknown) => error as Error);
  if (!(skipping instanceof Error)) {
    if (skipping.skipped.some(({ reason }) => !reason.includes(name)))
      throw new TypeError("a skipped row's reason names no file");
    tokenizePairs(skipping.pairs, await tinyTokenizer(), {
      contextLength: 64,
      truncatePrompts: true,
      skipBadRows: true,
    });
  }
  return loadPreferences(path);
};

let loaded: ReturnType<typeof loadTokenizer> | undefined;
const tinyTokenizer = () => (loaded ??= loadTokenizer(checkpoint));

/** Reads a folder in which only this file differs from the source. */
const within =
  (source: string, name: string, read: (folder: string) => Promise<unknown>) =>
  async (bytes: Buffer, folder: string) => {
    cpSync(source, folder, { recursive: true });
    writeFileSync(join(folder, name), bytes);
    return read(folder);
  };

async function useTokenizer(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder);
  for (const text of texts) tokenizer.decode(tokenizer.encode(text));
  tokenizer.decode(Array.from({ length: Math.min(1000, tokenizer.vocabSize) }, (_, id) => id));
}

async function useTemplate(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder);
  const chat = [{ role: "user", content: "hello" }] as const;
  tokenizer.renderPrompt(chat);
  tokenizer.renderResponse(chat, "hi");
}

const ofCheckpoint = (name: string, read: (folder: string) => Promise<unknown> = loadCheckpoint) => ({
  isText: true,
  good: () => [readFileSync(join(checkpoint, name))],
  read: within(checkpoint, name, read),
});

/** Reads a tokenizer of any kind, with a generated configuration. */
async function readTokenizer(bytes: Buffer, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "tokenizer.json"), bytes);
  const tokens = /"content":\s*("(?:[^"\\]|\\.){1,40}")/.exec(bytes.toString("latin1"))?.[1] ?? '"a"';
  writeFileSync(join(folder, "tokenizer_config.json"), `{"eos_token":${tokens}}`);
  return useTokenizer(folder);
}

/** Every kind of input by its name in the table. */
export const inputKinds: Readonly<Record<string, InputKind>> = {
  "pairs (.jsonl)": { isText: true, share: 24, good: pairs, read: readPairs("data.jsonl") },
  "pairs (.jsonl.gz)": {
    isText: false,
    share: 8,
    good: () => pairs().map((bytes) => gzipSync(bytes)),
    read: readPairs("data.jsonl.gz"),
  },
  "pairs (.parquet)": {
    isText: false,
    share: 4,
    good: () => filesIn("test/fixtures/data", /\.parquet$/),
    read: readPairs("data.parquet"),
  },
  "demonstrations (.jsonl)": {
    isText: true,
    share: 6,
    good: () => [
      lines(
        { id: 1, prompt: "a", response: "b" },
        { prompt: "c", completion: "d" },
        { prompt: [{ role: "user", content: "e" }], response: "f" },
      ),
    ],
    read: async (bytes, folder) => {
      writeFileSync(join(folder, "data.jsonl"), bytes);
      return loadDemonstrations(join(folder, "data.jsonl"));
    },
  },
  "answers (.jsonl)": {
    isText: true,
    share: 6,
    good: () => [
      lines(
        { id: "p1", prompt: "Hi", response: "r1" },
        { id: "p2", prompt: [{ role: "user", content: "e" }], response: "f" },
      ),
    ],
    read: async (bytes, folder) => {
      writeFileSync(join(folder, "answers.jsonl"), bytes);
      return loadResponses(join(folder, "answers.jsonl"));
    },
  },
  "config.json": {
    ...ofCheckpoint("config.json"),
    share: 12,
    good: () =>
      [
        "test/fixtures/checkpoints/tiny",
        ...readdirSync("test/fixtures/architectures").map((name) => join("test/fixtures/architectures", name)),
      ].flatMap((folder) => {
        try {
          return [readFileSync(join(folder, "config.json"))];
        } catch {
          return [];
        }
      }),
  },
  "generation_config.json": { ...ofCheckpoint("generation_config.json"), share: 4 },
  "tokenizer_config.json": { ...ofCheckpoint("tokenizer_config.json", useTokenizer), share: 6 },
  "chat_template.jinja": { ...ofCheckpoint("chat_template.jinja", useTemplate), share: 6 },
  "tokenizer.json": {
    isText: true,
    share: 8,
    good: () => filesIn("test/fixtures/tokenizers", /^(?!vectors).*\.json$/),
    read: readTokenizer,
  },
  "model.safetensors": { ...ofCheckpoint("model.safetensors"), isText: false, share: 8 },
  "any .safetensors": {
    isText: false,
    share: 8,
    good: () => filesIn("test/fixtures/checkpoints", /\.safetensors$/),
    read: async (bytes, folder) => {
      writeFileSync(join(folder, "a.safetensors"), bytes);
      return readSafetensors(join(folder, "a.safetensors"));
    },
  },
  "model.gguf": {
    isText: false,
    share: 6,
    good: () => filesIn("test/fixtures/gguf", /\.gguf$/),
    read: async (bytes, folder) => {
      const path = join(folder, "model.gguf");
      writeFileSync(path, bytes);
      const { tokenizer, weights } = await openGguf(path);
      try {
        await readAll(weights);
        for (const text of texts) tokenizer.decode(tokenizer.encode(text));
      } finally {
        await weights.close();
      }
    },
  },
  "adapter_config.json": {
    isText: true,
    share: 6,
    good: () => [readFileSync(join(adapter, "adapter_config.json"))],
    read: within(adapter, "adapter_config.json", readAdapter),
  },
  "adapter_model.safetensors": {
    isText: false,
    share: 4,
    good: () => [readFileSync(join(adapter, "adapter_model.safetensors"))],
    read: within(adapter, "adapter_model.safetensors", readAdapter),
  },
  "a judge's prompt (.md)": {
    isText: true,
    share: 4,
    good: () => [readFileSync("data/judge/pairwise.md")],
    read: async (bytes, folder) => {
      writeFileSync(join(folder, "pairwise.md"), bytes);
      const template = await loadTemplate(join(folder, "pairwise.md"), ["prompt", "first", "second"]);
      return template.fill({ prompt: "{{first}}", first: "$&", second: "x" });
    },
  },
};
