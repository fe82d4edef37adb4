import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { bridge } from "../../../src/data/bridge.js";
import { llmEditor } from "../../../src/judge/llm/llm-editor.js";
import { identityOf } from "../../../src/run/options/index.js";
import { emptyFolder } from "../../support/folder.js";
import { JudgeServer } from "../../support/judge-server.js";

const pairs = ["a", "b", "c"].map((id) => ({
  id,
  prompt: `ask ${id}`,
  chosen: `good long answer ${id}`,
  rejected: `bad answer ${id}`,
}));

test("llmEditor edits through both APIs, shows both responses or one, and asks nothing twice", async (test) => {
  const server = await JudgeServer.start(test);
  server.answer = (text) =>
    JSON.stringify({ reason: "r", edited: text.includes("ask c") ? null : `good answer ${/ask (\w)/.exec(text)![1]}` });
  for (const provider of ["openai", "anthropic"] as const) {
    const options = { cache: join(emptyFolder(test), "cache") };
    const editor = await llmEditor(server.model(provider), options);
    const asked = server.asked.length;
    const { pairs: made, edited, unneeded } = await bridge(pairs, editor);
    assert.deepEqual(
      [edited, unneeded, made[0]!.chosen, made[2]!.chosen],
      [2, 1, "good answer a", "good long answer c"],
    );
    assert.equal(server.asked.length - asked, 3);
    const { text } = server.asked[asked]!;
    assert.match(text, /It was found worse than the other answer/);
    assert.match(text, /<answer>\nbad answer \w\n<\/answer>\n\n<other_answer>\ngood long answer \w\n<\/other_answer>/);
    assert.equal(editor.spent.calls, 3);
    await bridge(pairs, await llmEditor(server.model(provider), options));
    assert.equal(server.asked.length - asked, 3);
    await bridge(pairs, editor, { way: "worsen", seesOther: false }).catch(() => undefined);
    const blind = server.asked.at(-1)!.text;
    assert.ok(
      /Put a plausible mistake into it/.test(blind) &&
        !blind.includes("other_answer>") &&
        !blind.includes("bad answer"),
    );
  }
});

test("llmEditor is identified by its model, settings and prompt, but not by what it has spent", async (test) => {
  const server = await JudgeServer.start(test);
  const folder = emptyFolder(test);
  const prompt = join(folder, "edit.md");
  writeFileSync(prompt, "{{task}} {{prompt}} {{response}} {{other}}");
  const cache = join(folder, "cache");
  const [one, other] = [
    await llmEditor(server.model("openai"), { cache }),
    await llmEditor(server.model("openai"), { cache, prompt }),
  ];
  const [first, second] = [one, other].map((bridge) => JSON.stringify(identityOf({ bridge })));
  assert.ok(first!.includes('"temperature":0') && !first!.includes("spent"));
  assert.notEqual(first, second);
  writeFileSync(prompt, "{{prompt}} {{response}}");
  await assert.rejects(llmEditor(server.model("openai"), { cache, prompt }), {
    name: "InputError",
    message: /the placeholder \{\{task\}\} is missing/,
  });
});

test("llmEditor names the pair at which the budget is used up", async (test) => {
  const server = await JudgeServer.start(test);
  server.answer = () => '{"edited": null}';
  const editor = await llmEditor(server.model("openai"), {
    cache: join(emptyFolder(test), "cache"),
    maxCalls: 1,
    concurrency: 1,
  });
  await assert.rejects(bridge(pairs, editor), { name: "InputError", message: /^pair "b": .*maxCalls/ });
});
