import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  besidesScores,
  json,
  rows,
  run,
  subfolder,
  workFolder,
  worldRows,
  writeLines,
  writeTinyCheckpoint,
} from "../support/command.js";

const work = workFolder();
const model = join(work, "model");
const good = worldRows("train.jsonl", 8);
const quick = [
  "--out",
  "run",
  "--threads",
  "1",
  "--iterations",
  "2",
  "--batch-size",
  "4",
  "--max-new-tokens",
  "4",
  "--responses",
  "2",
];
before(() => writeTinyCheckpoint(model));

let cases = 0;
/** Creates a folder with the file `data.jsonl`. */
function folderWith(content: string | Uint8Array, name = "data.jsonl"): string {
  const cwd = subfolder(work, `case-${++cases}`);
  writeFileSync(join(cwd, name), content);
  return cwd;
}

/** Runs `sera`, which must fail with a message of one line (except for lists of valid values) and start no run. */
async function fails(cwd: string, args: readonly string[], message: RegExp): Promise<void> {
  const { code, stdout, stderr } = await run(args, cwd);
  assert.notEqual(code, 0, stdout);
  assert.equal(stdout, "");
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /\n +at |node:internal/, "a stack");
  assert.match(stderr, /^[^\n]*\n(( {2}|\()[^\n]*\n)*$/);
  assert.ok(!existsSync(join(cwd, "run/iteration-0")), "a run has begun");
}

const lines = (...rows: readonly string[]) => rows.map((row) => `${row}\n`).join("");
const pair = (fields: object) =>
  JSON.stringify({ prompt: "cook a soup .", chosen: "first stir .", rejected: "no .", ...fields });
const alignWith = (file: string, ...more: readonly string[]) => [
  "align",
  "--data",
  file,
  "--model",
  model,
  ...quick,
  ...more,
];

describe("a bad file of pairs", { concurrency: 2 }, () => {
  const files: Record<string, readonly [content: string | Uint8Array, message: RegExp, name?: string]> = {
    "is empty": ["", /^sera: data.jsonl: the file is empty; expected a \.jsonl/],
    "is broken gzip": [
      gzipSync(lines(...good)).subarray(0, 200),
      /^sera: data.jsonl.gz: broken gzip file \(.*\); download or create it again/,
      "data.jsonl.gz",
    ],
    "is truncated Parquet": [
      readFileSync("test/fixtures/data/explicit-snappy.parquet").subarray(0, 400),
      /^sera: data.parquet: truncated or damaged Parquet file \(.*\); download or create it again/,
      "data.parquet",
    ],
    "has a late line that is no JSON": [
      `${lines(...Array.from({ length: 20_000 }, () => pair({})))}{"prompt": "cook`,
      /^sera: data.jsonl:20001: not valid JSON \(.*\); expected one JSON object per line/,
    ],
    "has a row without a rejected response": [
      lines(...good, pair({ rejected: undefined })),
      /^sera: data.jsonl:9: field "rejected" is missing; expected text/,
    ],
    "has equal responses": [
      lines(...good, pair({ rejected: "first stir ." })),
      /^sera: data.jsonl:9: "chosen" and "rejected" are equal: "first stir \."/,
    ],
    "has an empty response": [
      lines(...good, pair({ rejected: "" })),
      /^sera: data.jsonl:9: the response in "rejected" is empty/,
    ],
    "has a number where text should be": [
      lines(...good, pair({ chosen: 7 })),
      /^sera: data.jsonl:9: field "chosen" is 7; expected text/,
    ],
    "has bytes that are no UTF-8": [
      Buffer.from(lines(...good, pair({ chosen: "caf\xe9" })), "latin1"),
      /^sera: data.jsonl:9: not valid UTF-8/,
    ],
    "has a prompt longer than the context": [
      lines(...good, pair({ id: "long", prompt: "cook a soup ".repeat(40) })),
      /^sera: data\.jsonl:9: prompt of "long": 121 tokens do not fit a context of 96 with room for a response; set --truncate-prompts to keep the ends of long prompts, or --skip-bad-rows to leave them out\n/,
    ],
    "is of no known form": [
      lines('{"question": "why"}'),
      /^sera: data.jsonl:1: unknown format: the row has the fields \["question"\] \(rows with only a prompt can be held out, by --eval-data or, in a cell, loadPrompts\); supported formats:\n {2}/,
    ],
  };
  for (const [what, [content, message, name = "data.jsonl"]] of Object.entries(files)) {
    it(`is refused if it ${what}`, () => fails(folderWith(content, name), alignWith(name), message));
  }

  it("is refused if it is missing or a directory", async () => {
    const cwd = folderWith(lines(...good));
    await fails(cwd, alignWith("other.jsonl"), /^sera: other.jsonl: no such file in .*; expected a \.jsonl/);
    await fails(cwd, alignWith("."), /^sera: \.: this is a folder; .* file such as data.jsonl/);
  });

  it("is refused if it contains the held-out pairs", async () => {
    const cwd = folderWith(lines(...good));
    writeLines(join(cwd, "eval.jsonl"), [...good, "{"]);
    await fails(cwd, alignWith("data.jsonl", "--eval-data", "eval.jsonl"), /^sera: eval.jsonl:9: not valid JSON/);
  });

  it("is used without its bad rows with --skip-bad-rows, which counts them", async () => {
    const bad = ["{", pair({ rejected: "" }), pair({ id: "long", prompt: "cook a soup ".repeat(40) })];
    const cwd = folderWith(lines(...good, ...bad));
    writeLines(join(cwd, "eval.jsonl"), [...good.slice(0, 4), "[]"]);
    const args = alignWith(
      "data.jsonl",
      "--eval-data",
      "eval.jsonl",
      "--skip-bad-rows",
      "--iterations",
      "1",
      "--quiet",
    );
    const { code, stderr } = await run(args, cwd);
    assert.equal(code, 0, stderr);
    const [trained, heldOut, ...rest] = besidesScores(stderr).split("\n");
    assert.match(trained!, /^data.jsonl: skipped 3 bad rows; the first: data.jsonl:9: not valid JSON/);
    assert.match(heldOut!, /^eval.jsonl: skipped 1 bad row; the first: eval.jsonl:5: found \[\]/);
    assert.deepEqual(rest, [""]);
    const account = json(join(cwd, "run"), "data.json");
    assert.deepEqual(
      [account.pairs, account.skipped.length, account.heldOut.pairs, account.heldOut.skipped.length],
      [8, 3, 4, 1],
    );
    assert.equal(account.skipped[2].id, "long");
  });

  it("is refused with --skip-bad-rows too if all its rows are bad", async () => {
    const long = pair({ id: "long", prompt: "cook a soup ".repeat(40) });
    await fails(
      folderWith("{\n[]\n"),
      alignWith("data.jsonl", "--skip-bad-rows"),
      /^sera: data.jsonl: all 2 rows are bad/,
    );
    const { code, stderr } = await run(alignWith("data.jsonl", "--skip-bad-rows"), folderWith(lines(long)));
    assert.equal(code, 1);
    assert.match(
      stderr,
      /\nsera: data.jsonl: no pair is left; the first that was skipped: data.jsonl:1: prompt of "long": 121 tokens do not fit .*\n$/,
    );
  });

  it("is truncated with --truncate-prompts, with a note, if its texts are too long", async () => {
    const words = (count: number) => "cook a soup . ".repeat(count / 4).trim();
    const cwd = folderWith(lines(...good, pair({ prompt: words(120) }), pair({ chosen: words(200) })));
    const { code, stderr } = await run(
      alignWith("data.jsonl", "--truncate-prompts", "--iterations", "1", "--quiet"),
      cwd,
    );
    assert.equal(code, 0, stderr);
    assert.match(
      besidesScores(stderr),
      /^data.jsonl: cut the beginning of 1 prompt to fit the context, \d+ tokens in all\ndata.jsonl: cut the end of 1 response to fit the context, \d+ tokens in all\n$/,
    );
    const { truncation } = json(join(cwd, "run"), "data.json");
    // The short prompt of the long response is not truncated.
    assert.deepEqual([truncation.prompts, truncation.responses], [1, 1]);
  });
});

describe("a bad model", { concurrency: 2 }, () => {
  /** Creates a folder with good data and a changed copy of the model. */
  function folderWithModel(change: (model: string) => void): string {
    const cwd = folderWith(lines(...good));
    cpSync(model, join(cwd, "model"), { recursive: true });
    change(join(cwd, "model"));
    return cwd;
  }
  const args = ["align", "--data", "data.jsonl", "--model", "model", ...quick];
  const weights = "model.safetensors";

  it("is refused without a tokenizer", () =>
    fails(
      folderWithModel((folder) => rmSync(join(folder, "tokenizer.json"))),
      args,
      /^sera: model\/tokenizer.json: no such file in .*; expected /,
    ));

  it("is refused if its weights are truncated", () =>
    fails(
      folderWithModel((folder) => truncateSync(join(folder, weights), 5000)),
      args,
      /^sera: model\/model.safetensors: found .*, expected /,
    ));

  it("is refused if the header of its weights has wrong offsets", () =>
    fails(
      folderWithModel((folder) => {
        const bytes = readFileSync(join(folder, weights));
        const size = Number(bytes.readBigUInt64LE());
        const header = bytes
          .subarray(8, 8 + size)
          .toString()
          .replace(/"data_offsets":\[0,(\d+)\]/, (text, end: string) => text.replace(end, `${Number(end) - 4}`));
        bytes.write(header.padEnd(size), 8);
        writeFileSync(join(folder, weights), bytes);
      }),
      args,
      /^sera: model\/model.safetensors: found .*, expected /,
    ));

  it("is refused if it is neither a folder nor a preset", async () => {
    const cwd = folderWith(lines(...good));
    await fails(cwd, args, /^sera: --model: found "model", expected a folder or one of world, tiny, small, base\n/);
    await fails(
      cwd,
      [...args, "--model", "data.jsonl"],
      /^sera: data.jsonl: this is a file; a model is a folder, a GGUF file \(\.gguf\), a repository on the hub \(org\/name\), or a preset\n/,
    );
    await fails(
      cwd,
      alignWith("data.jsonl", "--init-from", "stf"),
      /^sera: --model: found "stf", expected a folder or one of world, tiny, small, base/,
    );
  });
});

describe("a bad option", { concurrency: 2 }, () => {
  const options: readonly (readonly [flags: readonly string[], message: RegExp])[] = [
    [["--loss", "ppo"], /^sera: --loss: found "ppo", expected one of dpo, .*, as in dpo=0\.8,nll=0\.2\n$/],
    [["--label-by", "likelyhood"], /^sera: --label-by: found "likelyhood", expected .*; did you mean likelihood\?\n$/],
    [["--select", "1.2"], /^sera: --select: found "1.2", expected a share in \[0, 1\]\n$/],
    [["--gamma", "much"], /^sera: --gamma: found "much", expected a share in \[0, 1\)\n$/],
    [["--beta", "0"], /^sera: --beta: found "0", expected a number above 0\n$/],
    [["--limit", "few"], /^sera: --limit: found "few", expected a number\n$/],
    [["--engine", "onx"], /^sera: --engine: found "onx", expected one of onnx, tfjs; did you mean onnx\?\n$/],
    [["--beta"], /^sera: option '--beta <β>' argument missing\n$/],
    [["--method", "drect"], /^sera: --method: found "drect", expected one of .*; did you mean direct\?\n$/],
    [["--lose", "dpo"], /^sera: --lose is not an option of sera align; did you mean --loss\?\n/],
  ];
  for (const [flags, message] of options) {
    it(flags.join(" "), () => fails(folderWith(lines(...good)), alignWith("data.jsonl", ...flags), message));
  }

  it("is refused if it is required but missing, as is an unknown command", async () => {
    const cwd = folderWith(lines(...good));
    await fails(
      cwd,
      ["align", "--model", model, "--out", "run"],
      /^sera: required option '--data <source>' not specified/,
    );
    const { code, stderr } = await run(["allign"], cwd);
    assert.equal(code, 1);
    assert.match(stderr, /^sera: there is no command sera allign; did you mean align\?\n$/);
  });
});

describe("a training that diverges", () => {
  it("stops with an error of one line, and keeps what was finished", async () => {
    const cwd = folderWith(lines(...good));
    const { code, stderr } = await run(
      alignWith("data.jsonl", "--learning-rate", "1e9", "--epochs", "20", "--quiet"),
      cwd,
    );
    assert.equal(code, 1);
    assert.match(
      besidesScores(stderr),
      /^sera: training diverged at step \d+: loss \S+, gradient norm \S+; try a learning rate below 1000000000\n$/,
    );
    assert.ok(existsSync(join(cwd, "run/iteration-0/model/model.safetensors")));
    assert.equal(rows(join(cwd, "run"), "iteration-0/reference.jsonl").length, 8);
    assert.ok(!existsSync(join(cwd, "run/iteration-1/model")));
  });
});
