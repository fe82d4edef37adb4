import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { rows, run, start, subfolder, workFolder, worldRows, writeLines } from "../support/command.js";
import { JudgeServer, refuse } from "../support/judge-server.js";

const work = workFolder();
let cases = 0;
const answers = (numbers: readonly number[]) =>
  numbers.map((number, i) => JSON.stringify({ id: `p${i}`, prompt: `question ${i}`, response: `answer ${number}` }));

/** A folder with the answers of two models. */
function folder(): string {
  const path = subfolder(work, `case-${++cases}`);
  writeLines(join(path, "a.jsonl"), answers([5, 6, 7, 3, 1, 9]));
  writeLines(join(path, "b.jsonl"), answers([4, 4, 4, 3, 2, 8]));
  return path;
}

describe("sera judge", { concurrency: 2 }, () => {
  it("prints a win rate, writes the comparisons, and never pays for an answer twice", async (test) => {
    const server = await JudgeServer.start(test);
    const cwd = folder();
    const args = [
      "judge",
      "a.jsonl",
      "b.jsonl",
      "--judge",
      "openai:judge-1",
      "--base-url",
      server.model("openai").baseUrl,
      "--price-input",
      "1",
      "--price-output",
      "5",
      "--quiet",
    ];
    const estimate = await run([...args, "--estimate"], cwd);
    assert.match(
      estimate.stdout,
      /^10 requests, 0 cached answers, [\d,]+ input tokens, 1,000 output tokens, \$0\.0\d+\n$/,
    );
    assert.equal(server.asked.length, 0);
    const { code, stdout, stderr } = await run([...args, "--out", "compared.jsonl", "--max-cost", "1"], cwd);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^win rate of a \(ties half\) +0\.750 \[0\.\d{3}, 0\.\d{3}\]\n/);
    assert.match(stdout, /wins, ties, losses +4, 1, 1 of 6\n/);
    assert.match(stdout, /same in both orders +1\.000, κ 1\.000\n/);
    assert.match(stdout, /asked +10 requests, 0 cached answers, 1,000 input tokens, 200 output tokens, \$0\.0020\n$/);
    const compared = rows(cwd, "compared.jsonl") as { id: string; verdict: { choice: string } }[];
    assert.deepEqual(
      compared.map(({ id, verdict }) => [id, verdict.choice]),
      [
        ["p0", "a"],
        ["p1", "a"],
        ["p2", "a"],
        ["p3", "tie"],
        ["p4", "b"],
        ["p5", "a"],
      ],
    );
    assert.match((await run(args, cwd)).stdout, /asked +0 requests, 10 cached answers, 0 input tokens/);
    assert.equal(server.asked.length, 10);
  });

  it("judges a run's answers by the world's gold reward, with the prompts from the pairs", async () => {
    const cwd = folder();
    const pairs = worldRows("heldout.jsonl", 20);
    const texts = pairs.map(
      (row) =>
        JSON.parse(row) as {
          id: string;
          chosen: string;
          rejected: string;
          score_chosen: number;
          score_rejected: number;
        },
    );
    writeLines(join(cwd, "pairs.jsonl"), pairs);
    for (const [name, field] of [
      ["mine", "chosen"],
      ["theirs", "rejected"],
    ] as const) {
      writeLines(
        join(cwd, `${name}.jsonl`),
        texts.map((row) => JSON.stringify({ id: row.id, response: row[field] })),
      );
    }
    const { code, stdout, stderr } = await run(
      ["judge", "mine.jsonl", "theirs.jsonl", "--judge", "gold", "--prompts", "pairs.jsonl", "--quiet"],
      cwd,
    );
    assert.deepEqual([code, stderr], [0, ""]);
    // The file's scores are the gold rewards; labels are sampled from them, so that some are inverted.
    const count = (sign: number) =>
      texts.filter((row) => Math.sign(row.score_chosen - row.score_rejected) === sign).length;
    assert.match(stdout, new RegExp(`wins, ties, losses +${count(1)}, ${count(0)}, ${count(-1)} of 20\n`));
  });

  const failures: Readonly<Record<string, readonly [args: readonly string[], message: RegExp]>> = {
    "an unknown judge": [
      ["--judge", "mistral:x"],
      /^sera: --judge: found "mistral", expected provider:model, where provider is one of anthropic, openai\n$/,
    ],
    "a missing key": [
      ["--judge", "anthropic:claude-haiku-4-5"],
      /^sera: anthropic:claude-haiku-4-5: no API key; set the environment variable ANTHROPIC_API_KEY\n$/,
    ],
    "half a price": [["--judge", "openai:x", "--price-input", "1"], /^sera: --price-input: needs --price-output too/],
    "a cap without a price": [
      ["--judge", "openai:x", "--max-cost", "1"],
      /^sera: --max-cost: the price of openai:x is not in .*; pass price: /,
    ],
  };
  for (const [name, [args, message]] of Object.entries(failures)) {
    it(`refuses ${name}`, async () => {
      const { code, stdout, stderr } = await run(["judge", "a.jsonl", "b.jsonl", ...args], folder(), {
        ANTHROPIC_API_KEY: "",
        OPENAI_API_KEY: "",
      });
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, message);
    });
  }

  it("neither prints nor stores a refused key", async (test) => {
    const server = await JudgeServer.start(test);
    const cwd = folder();
    const secret = "sk-very-secret-0123456789";
    server.fail(...new Array<ReturnType<typeof refuse>>(12).fill(refuse(401, {}, `no such key: ${secret}`)));
    const args = [
      "judge",
      "a.jsonl",
      "b.jsonl",
      "--judge",
      "anthropic:judge-1",
      "--base-url",
      server.origin,
      "--key-variable",
      "MY_KEY",
      "--concurrency",
      "1",
    ];
    const { code, stdout, stderr } = await run(args, cwd, { MY_KEY: secret });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /sera: row "p0": anthropic:judge-1: 127\.0\.0\.1:\d+ returned 401 .*no such key: ….*; put a valid key into MY_KEY\n$/,
    );
    const files = readdirSync(cwd, { recursive: true, encoding: "utf8" }).filter((name) => /\.jsonl?$/.test(name));
    for (const text of [stdout, stderr, ...files.map((name) => readFileSync(join(cwd, name), "utf8"))])
      assert.doesNotMatch(text, /very-secret/);
    assert.equal(server.asked[0]!.headers.authorization, `Bearer ${secret}`);
  });

  it("continues after an interrupt with the same command", async (test) => {
    const server = await JudgeServer.start(test);
    server.delay = 300;
    const cwd = folder();
    const args = [
      "judge",
      "a.jsonl",
      "b.jsonl",
      "--judge",
      "openai:judge-1",
      "--base-url",
      server.model("openai").baseUrl,
      "--concurrency",
      "2",
    ];
    const { process: child, ended } = start(args, cwd);
    while (server.asked.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /interrupted: what was finished is kept; run the same command again to continue\n$/);
    assert.ok(server.asked.length < 10);
    server.delay = 0;
    assert.match((await run(args, cwd)).stdout, /wins, ties, losses +4, 1, 1 of 6/);
    assert.equal(server.asked.length, 10);
  });
});
