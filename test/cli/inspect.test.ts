import assert from "node:assert/strict";
import { cpSync, realpathSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { run, workFolder, worldRows, writeLines } from "../support/command.js";

const work = workFolder();

describe("sera inspect", () => {
  it("describes a file, with lengths in tokens if a tokenizer is given", async () => {
    const file = writeLines(join(work, "pairs.jsonl"), worldRows("train.jsonl", 10));
    const { code, stdout, stderr } = await run(["inspect", file, "--tokenizer", resolve("data/world/tokenizer")], work);
    assert.deepEqual([code, stderr], [0, ""]);
    const [title, , read, , , header, ...measures] = stdout.trimEnd().split("\n");
    assert.equal(title, "10 pairs, TRL explicit prompt");
    assert.equal(
      read,
      "read: prompt, id, score_chosen as chosen score, score_rejected as rejected score, chosen, rejected",
    );
    assert.match(header!, /^measure +unit +count +mean +min +p5 +median +p95 +max$/);
    for (const measure of [
      "pairs per prompt",
      "prompt length +characters",
      "chosen length +tokens",
      "score difference",
    ]) {
      assert.ok(
        measures.some((line) => new RegExp(`^${measure} `).test(line)),
        measure,
      );
    }
  });

  it("notes prompts that the tokenizer does not know, repeated ids and blank responses", async () => {
    const pair = { id: "a", prompt: "cook a soup .", chosen: "stir .", rejected: "no ." };
    const rows = [pair, { ...pair, prompt: "Who are you ?" }, { ...pair, id: "c", rejected: " " }];
    writeLines(
      join(work, "odd.jsonl"),
      rows.map((row) => JSON.stringify(row)),
    );
    const { code, stdout } = await run(["inspect", "odd.jsonl", "--tokenizer", resolve("data/world/tokenizer")], work);
    assert.equal(code, 0);
    assert.deepEqual(
      stdout.split("\n").filter((line) => line.startsWith("note: ")),
      [
        'note: 1 row (line 2): the id is that of an earlier row with another prompt; "#2", "#3", … is added to it',
        "note: 1 pair (line 3) with a blank response (white space only), which is trained on as any other",
        "note: the tokenizer's vocabulary lacks a tenth or more of the tokens of 1 of 3 prompts; the model reads each as the same unknown token",
      ],
    );
  });

  it("counts tokens with a GGUF file's tokenizer, and notes texts to which its chat template does not apply", async () => {
    const rows = [
      '{"prompt": "one", "chosen": "two", "rejected": "three"}',
      '{"prompt": [{"role": "user", "content": "one"}], "chosen": "two", "rejected": "three"}',
    ];
    const file = writeLines(join(work, "chat.jsonl"), rows);
    const { code, stdout, stderr } = await run(
      ["inspect", file, "--tokenizer", resolve("test/fixtures/gguf/llama.gguf")],
      work,
    );
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(
      stdout,
      /\nnote: 1 of 2 prompts is text, to which the model's chat template is not applied; it is applied to messages: /,
    );
    assert.match(stdout, /\nchosen length +tokens +2 /);
    assert.ok(stdout.includes(JSON.stringify("<|im_start|>user\none<|im_end|>\n<|im_start|>assistant\n")), stdout);
    const missing = await run(["inspect", file, "--tokenizer", "none.gguf"], work);
    assert.deepEqual(
      [missing.code, missing.stderr],
      [1, `sera: none.gguf: no such file in ${realpathSync(work)}; expected a model in GGUF format\n`],
    );
  });

  it("stops at a bad row, or lists it with --skip-bad-rows", async () => {
    const file = writeLines(join(work, "bad.jsonl"), [...worldRows("train.jsonl", 2), "{"]);
    const stopped = await run(["inspect", "bad.jsonl"], work);
    assert.deepEqual([stopped.code, stopped.stdout], [1, ""]);
    assert.match(stopped.stderr, /^sera: bad.jsonl:3: not valid JSON/);
    const { code, stdout } = await run(["inspect", file, "--skip-bad-rows"], work);
    assert.equal(code, 0);
    assert.match(stdout, /^2 pairs, TRL explicit prompt, 1 bad row skipped\n/);
    assert.match(stdout, /\nskipped: .*bad.jsonl:3: not valid JSON.*\n$/);
  });

  it("treats a pair that the chat template refuses as a bad row", async () => {
    cpSync(resolve("data/world/tokenizer"), join(work, "strict"), { recursive: true });
    writeFileSync(
      join(work, "strict/chat_template.jinja"),
      "{% if messages[0].role == 'system' %}{{ raise_exception('no system turns') }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}",
    );
    const row = (system: string) =>
      JSON.stringify({ system, question: "cook soup", chosen: "wash the leek", rejected: "leek" });
    writeLines(join(work, "turns.jsonl"), [row(""), row("be brief"), row("")]);
    const stopped = await run(["inspect", "turns.jsonl", "--tokenizer", "strict"], work);
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /^sera: turns\.jsonl:2: prompt of "2": .*no system turns/);
    const { code, stdout } = await run(["inspect", "turns.jsonl", "--tokenizer", "strict", "--skip-bad-rows"], work);
    assert.equal(code, 0);
    assert.match(stdout, /^2 pairs, .*, 1 bad row skipped\n/);
    assert.match(stdout, /\nskipped: turns\.jsonl:2: prompt of "2": .*\n$/);
  });
});
