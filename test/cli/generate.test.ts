import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { contextTokens, linearAlignment } from "../../src/cells/guidance.js";
import { responsesTo } from "../../src/cells/respond.js";
import { loadDemonstrations } from "../../src/data/load-demonstrations.js";
import { tokenizeDemonstrations } from "../../src/data/tokenize.js";
import { world } from "../../src/data/world/shipped.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { Policy } from "../../src/model/policy/policy.js";
import { run, workFolder, worldRows, writeLines, writeTinyCheckpoint } from "../support/command.js";
import { HubServer } from "../support/hub-server.js";
import { ServedModels } from "../support/served-models.js";

interface GeneratedRow {
  readonly id: string;
  readonly prompt: string;
  readonly response: string;
  readonly length: number;
  readonly complete: boolean;
  readonly tokens: { readonly tokenizer: string; readonly prompt: number[]; readonly response: number[] };
}

const work = workFolder();
const common = ["generate", "--model", "model", "--threads", "1", "--quiet", "--max-new-tokens", "6"];
const rowsOf = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as GeneratedRow);

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

before(async () => {
  writeLines(join(work, "pairs.jsonl"), worldRows("validation.jsonl", 4));
  await writeTinyCheckpoint(join(work, "model"));
});

describe("sera generate", () => {
  it("answers the prompts of pairs with the same texts as `respond`", async () => {
    const args = [
      ...common,
      "--prompts",
      "pairs.jsonl",
      "--limit",
      "3",
      "--responses",
      "2",
      "--seed",
      "5",
      "--temperature",
      "0.9",
      "--top-p",
      "0.8",
    ];
    const { code, stdout, stderr } = await run(args, work);
    assert.deepEqual([code, stderr], [0, ""]);
    const rows = rowsOf(stdout);
    const pairs = worldRows("validation.jsonl", 3).map((line) => JSON.parse(line) as { id: string; prompt: string });
    assert.deepEqual(
      rows.map(({ id }) => id),
      pairs.flatMap(({ id }) => [id, id]),
    );
    assert.deepEqual(Object.keys(rows[0]!), ["id", "prompt", "response", "length", "complete", "tokens"]);

    const engine = new OnnxEngine({ threads: 1 });
    const policy = await Policy.load(new ProgramCache(engine), join(work, "model"));
    const options = { responses: 2, seed: 5, temperature: 0.9, topP: 0.8, maxNewTokens: 6 };
    const written = await responsesTo(
      policy,
      pairs.map(({ prompt }) => contextTokens(policy, prompt, undefined)),
      options,
      {},
    );
    await engine.close();
    assert.deepEqual(
      rows.map(({ response, tokens }) => [response, tokens.response]),
      written.map(({ response, tokens }) => [response, [...tokens]]),
    );
    assert.deepEqual(
      rows.map(({ length, complete }) => [length, complete]),
      written.map(({ tokens, complete }) => [tokens.length, complete]),
    );

    // Read back, they are the same tokens: a truncated response gets no end token.
    writeFileSync(join(work, "back.jsonl"), stdout);
    const { demonstrations, reading } = await loadDemonstrations(join(work, "back.jsonl"));
    const { demonstrations: again } = tokenizeDemonstrations(demonstrations, policy.tokenizer, { contextLength: 96 });
    assert.deepEqual(
      again.map(({ prompt, response }) => [[...prompt], [...response]]),
      rows.map(({ tokens }) => [tokens.prompt, tokens.response]),
    );
    assert.deepEqual(reading.notes, []);
  });

  it("accepts --weights int8, and refuses unknown types and engines without it", async () => {
    const args = [
      "generate",
      "--model",
      world.sft,
      "--threads",
      "1",
      "--quiet",
      "--max-new-tokens",
      "6",
      "--temperature",
      "0",
      "--prompt",
      "cook a soup .",
    ];
    const { code, stdout, stderr } = await run([...args, "--weights", "int8"], work);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(rowsOf(stdout)[0]!.prompt, "cook a soup .");
    const mistaken = await run([...args, "--weights", "int_8"], work);
    assert.equal(mistaken.code, 1);
    assert.match(
      mistaken.stderr,
      /^sera: --weights: found "int_8", expected one of float32, int8, int4; did you mean int8\?/,
    );
    const elsewhere = await run(
      [...args, "--weights", "int8", "--engine", "tfjs", "--backend", "cpu"].filter((_, i) => i !== 3 && i !== 4),
      work,
    );
    assert.deepEqual(
      [elsewhere.code, elsewhere.stderr],
      [
        1,
        "sera: --weights: int8 is computed by the engine onnx on cpu, and not by tfjs on cpu; choose that engine, or leave weights out\n",
      ],
    );
  });

  it("writes a file, and takes prompts from the command line", async () => {
    const { code, stdout } = await run(
      [...common, "--prompt", "cook a soup .", "--prompt", "plant a pot .", "--out", "out.jsonl"],
      work,
    );
    assert.deepEqual([code, stdout], [0, ""]);
    assert.deepEqual(
      rowsOf(readFileSync(join(work, "out.jsonl"), "utf8")).map(({ id, prompt }) => [id, prompt]),
      [
        ["1", "cook a soup ."],
        ["2", "plant a pot ."],
      ],
    );
  });

  it("notes, once, that the tokenizer does not know much of the prompts", async () => {
    const prompts = ["Who are you ?", "And who am I ?"].flatMap((text) => ["--prompt", text]);
    const { code, stderr } = await run([...common, ...prompts], work);
    const lacking =
      "lacks a tenth or more of the tokens of 2 of 2 prompts; the model reads each as the same unknown token";
    assert.deepEqual([code, stderr], [0, `--prompt: the tokenizer's vocabulary ${lacking}\n`]);
  });

  it("amplifies a principle with greedy decoding", async () => {
    const { code, stdout } = await run(
      [...common, "--prompt", "cook a soup .", "--principle", "be polite .", "--ratio", "3", "--mask", "amplified"],
      work,
    );
    const engine = new OnnxEngine({ threads: 1 });
    const policy = await Policy.load(new ProgramCache(engine), join(work, "model"));
    const guidance = linearAlignment({ principle: "be polite .", ratio: 3, mask: "amplified" });
    const written = await responsesTo(
      policy,
      [contextTokens(policy, "cook a soup .", guidance)],
      { guidance, maxNewTokens: 6, seed: 3 },
      {},
    );
    await engine.close();
    assert.deepEqual([code, rowsOf(stdout)[0]!.response], [0, written[0]!.response]);
  });

  it("reads a split of a dataset on the hub", async (test) => {
    const rows = (prompt: string) => `${JSON.stringify({ prompt })}\n`;
    await HubServer.start(test, {
      "datasets/org/prompts": {
        revisions: { main: { "train.jsonl": rows("plant a pot ."), "test.jsonl": rows("cook a soup .") } },
      },
    });
    const { code, stdout, stderr } = await run([...common, "--prompts", "org/prompts", "--split", "test"], work);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      rowsOf(stdout).map(({ prompt }) => prompt),
      ["cook a soup ."],
    );
  });

  it("refuses invalid prompts and options without a stack trace", async () => {
    const refused = async (message: string, ...args: readonly string[]) => {
      const { code, stderr } = await run([...common, ...args], work);
      assert.deepEqual([code, stderr], [1, `sera: ${message}\n`]);
    };
    await refused("no prompts; give --prompts with a file, or --prompt with a text");
    await refused(
      "both --prompts and --prompt are given; give one of them",
      "--prompts",
      "pairs.jsonl",
      "--prompt",
      "a",
    );
    const long = "soup ".repeat(100);
    await refused('--prompt: prompt "1": 101 tokens leave no room for a response in a context of 96', "--prompt", long);
    await refused(
      '--prompt: prompt "1": 101 tokens, with the principle, leave no room for a response in a context of 96',
      "--prompt",
      "a",
      "--principle",
      "soup ".repeat(99),
    );
    await refused(
      "--ratio, --mask, --mask-top-p and --mask-temperature are of linear alignment; give --principle too",
      "--prompt",
      "a",
      "--ratio",
      "2",
    );
    await refused(
      "--mask-top-p: found 2, expected a share above 0, at most 1",
      "--prompt",
      "a",
      "--principle",
      "b",
      "--mask-top-p",
      "2",
    );
    await refused(
      "--model: world is a preset, which is not trained yet; give a checkpoint, such as one that sera sft trains",
      "--model",
      "world",
      "--prompt",
      "a",
    );
    writeFileSync(
      join(work, "mixed.jsonl"),
      `${JSON.stringify({ prompt: long })}\n${JSON.stringify({ prompt: "cook a soup ." })}\n`,
    );
    const { code, stdout, stderr } = await run([...common, "--prompts", "mixed.jsonl", "--skip-bad-rows"], work);
    assert.deepEqual([code, rowsOf(stdout).map(({ id }) => id)], [0, ["2"]]);
    assert.match(stderr, /^mixed\.jsonl: skipped 1 bad row; the first: mixed\.jsonl:1: prompt "1": 101 tokens/);
  });

  it("generates on a server, and refuses options that do not fit one", async (test) => {
    const server = await ServedModels.start(test, { world: await Policy.load(programs, world.sft) }, { tells: "text" });
    const flags = ["generate", "--server", server.address, "--prompt", "cook rice", "--quiet"];
    const { code, stdout, stderr } = await run([...flags, "--max-new-tokens", "6", "--responses", "2"], work);
    assert.deepEqual([code, stderr], [0, ""]);
    const rows = rowsOf(stdout);
    assert.deepEqual(
      rows.map(({ id, prompt, length }) => [id, prompt, length <= 6]),
      [
        ["1", "cook rice", true],
        ["1", "cook rice", true],
      ],
    );
    assert.ok(rows.every(({ response, tokens }) => response.length > 0 && tokens === undefined));
    const refusals: readonly [readonly string[], RegExp][] = [
      [["--model", "model"], /both --model and --server/],
      [["--sampling-batch-size", "4"], /--sampling-batch-size: that is the server's own to decide/],
      [["--principle", "be brief"], /--principle: a server writes by its model alone/],
      [["--server-model", "other"], /serves "world", and not "other"/],
    ];
    for (const [own, message] of refusals) assert.match((await run([...flags, ...own], work)).stderr, message);
    assert.match((await run(["generate", "--prompt", "cook"], work)).stderr, /no model; give --model, or --server/);
    assert.match(
      (await run(["generate", "--model", "model", "--server-model", "x", "--prompt", "cook"], work)).stderr,
      /--server-model: there is no server; give --server too/,
    );
  });
});
