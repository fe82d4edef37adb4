import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { before, describe, it } from "node:test";
import {
  besidesScores,
  json,
  rows,
  run,
  subfolder,
  timeless,
  workFolder,
  worldRows,
  writeLines,
  writeTinyCheckpoint,
  type Ended,
} from "../support/command.js";

const work = workFolder();
const data = resolve("data/world/train.jsonl");
const common = [
  "align",
  "--data",
  data,
  "--limit",
  "24",
  "--out",
  "run",
  "--threads",
  "1",
  "--batch-size",
  "8",
  "--max-new-tokens",
  "16",
  "--responses",
  "3",
];
const evaluated = ["--eval-data", "../eval.jsonl"];
const fromSft = ["--model", "../model", "--init-from", "sft", "--sft-epochs", "2", "--sft-batch-size", "8"];
const whole = [...common, ...evaluated, ...fromSft, "--seed", "1"];

/** Runs `sera` in a folder of its own, checks that it succeeded, and returns the run's folder. */
async function aligned(name: string, ...args: readonly string[]): Promise<{ folder: string; ended: Ended }> {
  const cwd = subfolder(work, name);
  const ended = await run(args, cwd);
  assert.equal(ended.code, 0, ended.stderr);
  return { folder: join(cwd, "run"), ended };
}

let first: Awaited<ReturnType<typeof aligned>>;
before(async () => {
  writeLines(join(work, "eval.jsonl"), worldRows("validation.jsonl", 6));
  await writeTinyCheckpoint(join(work, "model"));
  first = await aligned("first", ...whole);
});

describe("sera align", () => {
  it("writes all files of the run into its folder", () => {
    const names = [...timeless(first.folder).keys()];
    const model = (t: number) =>
      ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"].map(
        (file) => `iteration-${t}/model/${file}`,
      );
    const made = (t: number) =>
      ["bootstrapped.jsonl", "labels.json", "margins.jsonl", "samples.jsonl"].map((file) => `iteration-${t}/${file}`);
    const judged = (t: number) =>
      ["evaluation.json", "held-out.jsonl", "responses.jsonl"].map((file) => `iteration-${t}/${file}`);
    const expected = [
      ...[
        "data.json",
        "demonstrations.jsonl",
        "fit.json",
        "held-out-pairs.jsonl",
        "metrics.jsonl",
        "pairs.jsonl",
        "run.json",
        "summary.json",
      ],
      "iteration-0/reference.jsonl",
      ...[0, 1, 2, 3].flatMap((t) => [...model(t), ...judged(t)]),
      ...[2, 3].flatMap(made),
    ];
    assert.deepEqual(names, expected.sort());
    assert.ok(existsSync(join(first.folder, "manifest.json")));
  });

  it("begins DPO at ln 2 and logs each step with TRL's metric names", () => {
    const steps = rows(first.folder, "metrics.jsonl");
    const phases = new Set(steps.map(({ phase, iteration, step }) => `${phase} ${iteration} ${step}`));
    assert.deepEqual(
      [...phases],
      [
        ...[1, 2, 3, 4, 5, 6].map((step) => `sft 0 ${step}`),
        ...[1, 2, 3].flatMap((t) => [1, 2, 3].map((step) => `align ${t} ${step}`)),
      ],
    );
    const dpo = steps.find(({ phase }) => phase === "align");
    assert.ok(Math.abs(dpo.loss - Math.LN2) < 1e-6);
    assert.deepEqual(Object.keys(dpo).sort(), [
      ...[
        "epoch",
        "grad_norm",
        "iteration",
        "learning_rate",
        "logps/chosen",
        "logps/rejected",
        "loss",
        "num_tokens",
        "phase",
      ],
      ...["rewards/accuracies", "rewards/chosen", "rewards/margins", "rewards/rejected", "step"],
    ]);
  });

  it("writes the margins of all pairs under the last two policies, and keeps the largest", () => {
    const reference = rows(first.folder, "iteration-0/reference.jsonl");
    assert.equal(reference.length, 24);
    const [second, third] = [2, 3].map((t) => rows(first.folder, `iteration-${t}/margins.jsonl`)) as [any[], any[]];
    for (const reviewed of [second, third]) {
      assert.deepEqual(
        reviewed.map(({ id }) => id),
        reference.map(({ id }) => id),
      );
      const kept = reviewed.filter((row) => row.kept).map(({ ensemble }) => ensemble);
      const dropped = reviewed.filter((row) => !row.kept).map(({ ensemble }) => ensemble);
      assert.equal(kept.length, 17);
      assert.ok(Math.min(...kept) >= Math.max(...dropped));
    }
    for (const [i, row] of third.entries()) {
      assert.equal(row.margin, row.chosenReward - row.rejectedReward);
      assert.equal(row.previousMargin, second[i].margin);
      assert.equal(row.ensemble, (1 - 0.3) * row.margin + 0.3 * row.previousMargin);
      assert.equal(second[i].previousMargin, 0);
    }
  });

  it("writes the bootstrapped pairs in order of decreasing margin", () => {
    for (const t of [2, 3]) {
      const made = rows(first.folder, `iteration-${t}/bootstrapped.jsonl`);
      const samples = rows(first.folder, `iteration-${t}/samples.jsonl`);
      assert.equal(samples.length, 72);
      assert.equal(made.length, 7);
      const ids = new Set(rows(first.folder, "pairs.jsonl").map(({ id }) => id));
      for (const [i, { id, prompt, chosen, rejected, chosenReward, rejectedReward, margin }] of made.entries()) {
        assert.ok(ids.has(id));
        assert.match(prompt, / \.$/);
        assert.notEqual(chosen, rejected);
        assert.equal(margin, chosenReward - rejectedReward);
        assert.ok(margin > 0 && (i === 0 || margin <= made[i - 1].margin));
        const rewards = samples.filter((sample) => sample.id === id).map(({ reward }) => reward);
        assert.deepEqual([chosenReward, rejectedReward], [Math.max(...rewards), Math.min(...rewards)]);
      }
    }
  });

  it("summarizes each iteration", () => {
    const { iterations, ...about } = json(first.folder, "summary.json");
    assert.deepEqual(about, { method: "sera", loss: "dpo", labelledBy: "implicit reward", seed: 1 });
    assert.deepEqual(
      iterations.map(({ iteration, pairsSelected, pairsBootstrapped }: any) => [
        iteration,
        pairsSelected,
        pairsBootstrapped,
      ]),
      [
        [0, null, null],
        [1, 24, 0],
        [2, 17, 7],
        [3, 17, 7],
      ],
    );
    for (const { iteration, accuracy, meanMargin, goldReward, winRate, seconds } of iterations) {
      assert.deepEqual([accuracy === null, meanMargin === null], [iteration === 0, iteration === 0]);
      for (const share of [goldReward, winRate]) assert.ok(share >= 0 && share <= 1);
      assert.deepEqual(Object.keys(seconds), ["training", "scoring", "sampling", "evaluation"]);
      assert.ok(seconds.training > 0 && seconds.evaluation > 0);
      assert.equal(seconds.sampling > 0, iteration >= 2);
    }
    assert.equal(iterations[0].winRate, 0.5);
    assert.equal(iterations[2].bootstrap.samples, 72);
  });

  it("records how its data was read", () => {
    const whole = { prompts: 0, promptTokens: 0, responses: 0, responseTokens: 0 };
    const mapped = {
      id: "id",
      prompt: "prompt",
      chosen: "chosen",
      rejected: "rejected",
      score_chosen: "chosen score",
      score_rejected: "rejected score",
    };
    const account = {
      format: "TRL explicit prompt",
      skipped: [],
      truncation: whole,
      identical: 0,
      flipped: 0,
      unwritten: {},
    };
    const contradicted = "1 pair (line 4) whose scores contradict the order: the rejected response has the higher one";
    assert.deepEqual(json(first.folder, "data.json"), {
      ...{ pairs: 24, ...account, reading: { mapped, unread: {}, notes: [contradicted] } },
      heldOut: { pairs: 6, ...account, reading: { mapped, unread: {}, notes: [] } },
    });
  });

  it("evaluates on prompts without responses as on those of pairs, and refuses them without a gold reward", async () => {
    const pairs = worldRows("validation.jsonl", 3);
    writeLines(join(work, "eval-3.jsonl"), pairs);
    const prompts = pairs.map((line) => {
      const { id, prompt } = JSON.parse(line) as { id: string; prompt: string };
      return JSON.stringify({ id, prompt });
    });
    writeLines(join(work, "prompts.jsonl"), [...prompts, JSON.stringify({ id: "long", prompt: "cook ".repeat(500) })]);
    writeLines(join(work, "other.jsonl"), ['{"prompt": "Who are you?"}']);
    const direct = [
      ...common.filter((flag, i) => flag !== "--responses" && common[i - 1] !== "--responses"),
      "--quiet",
    ];
    const short = [...direct, "--method", "direct", "--limit", "8", "--model", "../model", "--skip-bad-rows"];
    const [ofPairs, ofPrompts] = await Promise.all([
      aligned("of-pairs", ...short, "--eval-data", "../eval-3.jsonl"),
      aligned("of-prompts", ...short, "--eval-data", "../prompts.jsonl"),
    ]);
    for (const t of [0, 1])
      assert.deepEqual(
        rows(ofPrompts.folder, `iteration-${t}/responses.jsonl`),
        rows(ofPairs.folder, `iteration-${t}/responses.jsonl`),
      );
    const summaryOf = (folder: string) => json(folder, "summary.json").iterations[1];
    const [one, other] = [summaryOf(ofPrompts.folder), summaryOf(ofPairs.folder)];
    assert.deepEqual([one.goldReward, one.winRate, one.accuracy], [other.goldReward, other.winRate, null]);
    assert.notEqual(other.accuracy, null);
    const { prompts: read, skipped } = json(ofPrompts.folder, "data.json").heldOut;
    assert.deepEqual([read, skipped.length, skipped[0].id], [3, 1, "long"]);
    assert.match(
      ofPrompts.ended.stderr,
      /prompts\.jsonl: skipped 1 bad row; the first: .*prompts\.jsonl:4: prompt of "long"/,
    );

    const refused = await run([...short, "--eval-data", "../other.jsonl"], subfolder(work, "no-gold"));
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /sera: \.\.\/other\.jsonl: the prompt "[^"]+" has neither responses nor a gold reward/,
    );
  });

  it("writes a self-contained report, prints the summary, and shows progress on stderr", () => {
    const report = readFileSync(join(first.folder, "report.html"), "utf8");
    assert.match(report, /^<!doctype html>/);
    assert.match(report, /<svg/);
    assert.doesNotMatch(report, /<script|src="http/);
    const lines = first.ended.stdout.trimEnd().split("\n");
    assert.match(lines[0]!, /^iteration +kept +made/);
    assert.equal(lines.length, 6);
    assert.equal(lines[5], "run/report.html");
    for (const phase of [
      "sft",
      "align 3/3",
      "review the pairs 3/3",
      "sample responses 2/3",
      "answer held-out prompts",
    ]) {
      assert.match(first.ended.stderr, new RegExp(`^${phase} .* in \\d+:\\d\\d$`, "m"));
    }
  });

  it("writes the same bytes with the same seed, and others with another", async () => {
    const [again, other] = await Promise.all([
      aligned("again", ...whole, "--quiet"),
      aligned("other", ...whole, "--seed", "2"),
    ]);
    assert.deepEqual(timeless(again.folder), timeless(first.folder));
    assert.equal(besidesScores(again.ended.stderr), "");
    const weights = "iteration-3/model/model.safetensors";
    assert.notEqual(timeless(other.folder).get(weights), timeless(first.folder).get(weights));
  });

  it("resumes with the command that its folder records and the flags that are added to it", async () => {
    const cwd = join(first.folder, "..");
    const resumed = await run(["align", "--out", "run", "--resume", "--quiet"], cwd);
    assert.deepEqual([resumed.code, resumed.stdout, besidesScores(resumed.stderr)], [0, first.ended.stdout, ""]);
    const other = await run(["align", "--resume", "--out=run", "--beta", "9"], cwd);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /^sera: run: holds another run\. It differs in\n  options\.beta: .* there, 9 now\n/m);
    const elsewhere = await run(["align", "--out", first.folder, "--resume"], work);
    assert.match(
      elsewhere.stderr,
      /this run was begun in .*, which its paths are relative to; resume it from there\n$/,
    );
    const sft = await run(["sft", "--out", "run", "--resume"], cwd);
    assert.equal(sft.stderr, "sera: run: this run was begun by sera align; give that command again, with --resume\n");
    const nothing = await run(["align", "--out", "nowhere", "--resume"], cwd);
    assert.equal(nothing.stderr, `sera: nowhere: no such folder in ${realpathSync(cwd)}; there is no run to resume\n`);
  });

  it("trains with plain DPO in one iteration, from an unchanged checkpoint", async () => {
    const { folder } = await aligned(
      "dpo",
      ...common,
      "--model",
      "../model",
      "--iterations",
      "1",
      "--micro-batch-size",
      "3",
    );
    const { method, iterations } = json(folder, "summary.json");
    assert.equal(method, "dpo");
    assert.deepEqual(
      iterations.map(({ pairsSelected }: any) => pairsSelected),
      [null, 24],
    );
    assert.equal(iterations[1].accuracy, null);
    assert.ok(!existsSync(join(folder, "iteration-1/margins.jsonl")));
    assert.deepEqual(new Set(rows(folder, "metrics.jsonl").map(({ phase }) => phase)), new Set(["align"]));
    assert.deepEqual(
      readFileSync(join(folder, "iteration-0/model/model.safetensors")),
      readFileSync(join(work, "model/model.safetensors")),
    );
  });

  it("trains only on kept pairs with --bootstrap 0, and marks flipped pairs", async () => {
    const flags = [
      "--iterations",
      "2",
      "--bootstrap",
      "0",
      "--select",
      "0.5",
      "--flip",
      "0.25",
      "--model",
      "world",
      "--init-from",
      "../model",
    ];
    const { folder } = await aligned("kept", ...common, ...flags);
    const { pairsSelected, pairsBootstrapped } = json(folder, "summary.json").iterations[2];
    assert.deepEqual([pairsSelected, pairsBootstrapped], [12, 0]);
    assert.ok(!existsSync(join(folder, "iteration-2/samples.jsonl")));
    assert.equal(json(folder, "data.json").flipped, 6);
    const flipped = rows(folder, "iteration-2/margins.jsonl")
      .filter((row) => row.flipped)
      .map(({ id }) => id);
    assert.equal(flipped.length, 6);
    const straight = new Map(rows(first.folder, "pairs.jsonl").map((pair) => [pair.id, pair]));
    for (const pair of rows(folder, "pairs.jsonl")) {
      const { chosen, rejected } = straight.get(pair.id)!;
      assert.deepEqual(
        [pair.chosen, pair.rejected],
        flipped.includes(pair.id) ? [rejected, chosen] : [chosen, rejected],
      );
    }
  });

  it("trains only on its own pairs with --select 0", async () => {
    const { folder } = await aligned(
      "own",
      ...common,
      "--model",
      "../model",
      "--iterations",
      "2",
      "--select",
      "0",
      "--bootstrap",
      "0.5",
    );
    const { pairsSelected, pairsBootstrapped } = json(folder, "summary.json").iterations[2];
    assert.deepEqual([pairsSelected, pairsBootstrapped], [0, 12]);
    assert.ok(rows(folder, "iteration-2/margins.jsonl").every(({ kept }) => !kept));
  });

  it("resumes a run that did not fit into its memory once --memory is raised", async () => {
    const cwd = subfolder(work, "memory");
    const small = await run([...common, "--model", "../model", "--iterations", "1", "--memory", "30MB"], cwd);
    assert.match(small.stderr, /memory: found 30 MB, but the process and .* hold \d+ MB, .*; raise it to 0\.5GB/);
    const resumed = await run(["align", "--out", "run", "--resume", "--memory", "1GB"], cwd);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.equal(json(join(cwd, "run"), "manifest.json").manifest.memory.bytes, 1e9);
  });

  it("accepts --resume for a finished run and changes nothing", async () => {
    const before = timeless(first.folder);
    const summary = json(first.folder, "summary.json");
    const { code, stdout } = await run([...whole, "--resume"], join(work, "first"));
    assert.deepEqual([code, stdout], [0, first.ended.stdout]);
    assert.deepEqual(timeless(first.folder), before);
    assert.deepEqual(json(first.folder, "summary.json"), summary);
  });

  it("refuses a folder with a run, a folder without one to resume, other options and other data", async () => {
    const cwd = join(work, "first");
    const before = timeless(first.folder);
    const refused = async (expected: string, args: readonly string[]) => {
      const { code, stderr, stdout } = await run(args, cwd);
      assert.equal(code, 1);
      assert.equal(besidesScores(stderr), `sera: ${expected}\n`);
      assert.equal(stdout, "");
    };
    const another = (differences: string) =>
      `run: holds another run. It differs in\n${differences}\nUse another folder, or remove this one.`;
    copyFileSync(join(work, "eval.jsonl"), join(work, "eval-before.jsonl"));
    await Promise.all([
      refused("run: holds this run already, and it has ended; read it with --resume, or choose another folder", whole),
      refused("other: holds no run to resume", [...whole, "--resume", "--out", "other"]),
      refused(another("  options.gamma: 0.3 there, 0.5 now"), [...whole, "--resume", "--gamma", "0.5"]),
      refused(another("  options.gamma: 0.3 there, 0.5 now"), [...whole, "--gamma", "0.5"]),
    ]);
    writeLines(join(work, "eval.jsonl"), worldRows("validation.jsonl", 5));
    const { code, stderr } = await run([...whole, "--resume"], cwd);
    assert.equal(code, 1);
    assert.match(
      besidesScores(stderr),
      /^sera: run: holds another run\. It differs in\n  data\.heldOut\.rows: 6 there, 5 now\n  data\.heldOut\.sha256: "[0-9a-f]+…" there, "[0-9a-f]+…" now\n/,
    );
    copyFileSync(join(work, "eval-before.jsonl"), join(work, "eval.jsonl"));
    await run([...whole, "--resume"], cwd);
    assert.deepEqual(timeless(first.folder), before);
    assert.ok(!existsSync(join(cwd, "other")));
  });
});

describe("sera --help", () => {
  it("lists the commands, and the options of a command with their defaults", async () => {
    const [top, align] = await Promise.all([run(["--help"], work), run(["align", "--help"], work)]);
    assert.deepEqual([top.code, align.code], [0, 0]);
    for (const verb of ["quickstart", "align", "sft", "inspect"])
      assert.match(top.stdout, new RegExp(`^  ${verb} `, "m"));
    for (const option of ["--data <source>", "--beta <β>", "--resume"])
      assert.ok(align.stdout.includes(option), option);
    assert.match(align.stdout, /\(default: 0\.7\)/);
  });
});
