import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { startKernel, textOf, type Kernel, type Received } from "../support/jupyter-client.js";

/* Cells as users write them, in a notebook outside the library's folder. */
const folder = mkdtempSync(join(tmpdir(), "sera-notebook-"));
const notebooks = join(folder, "notebooks");
let kernel: Kernel;
before(async () => {
  mkdirSync(notebooks);
  kernel = await startKernel({ cwd: notebooks });
});
after(async () => {
  await kernel.stop();
  rmSync(folder, { recursive: true });
});

describe("a cell", () => {
  it("shows a function's options and their defaults on inspection", async () => {
    const code = 'import { align } from "sera-lab";\nalign';
    const { reply } = await kernel.request("inspect_request", { code, cursor_pos: code.length, detail_level: 0 });
    const { "text/plain": plain, "text/markdown": markdown } = reply.content.data;
    assert.match(
      plain,
      /\nOptions:\n(?: {2}.*\n)* {2}batchSize\?: number\n {6}Pairs per optimizer step\. Default 32\.\n/,
    );
    assert.match(
      markdown,
      /\*\*Options\*\*\n\n(?:- .*\n)*- `batchSize\?: number` Pairs per optimizer step\. Default 32\.\n/,
    );
    const none = await kernel.request("inspect_request", { code: "Math.hypot", cursor_pos: 10, detail_level: 0 });
    assert.doesNotMatch(none.reply.content.data["text/plain"], /Options:/);
  });

  it("shows a timer without the kernel's bookkeeping", async () => {
    for (const code of ["setTimeout(() => {}, 1)", "setImmediate(() => {})"]) {
      const shown = (await kernel.execute(code)).result.data["text/plain"] as string;
      assert.match(shown, /^(Timeout|Immediate) \{/);
      assert.doesNotMatch(shown, /kResourceStore|asyncId/);
    }
  });

  it("shows the value of its last expression: a table, a plot in three formats, an object with its own display", async () => {
    const table = await kernel.execute('import { table } from "arquero";\ntable({ word: ["a", "b"], n: [1, 22] })');
    assert.match(table.result.data["text/html"] as string, /<small>integer<\/small>/);
    const plot = await kernel.execute(
      'import { plot } from "sera-lab";\nplot.winRates([{ name: "SeRA", mean: 0.7, low: 0.6, high: 0.8 }])',
    );
    assert.deepEqual(Object.keys(plot.result.data).sort(), [
      "application/vnd.vegalite.v5+json",
      "image/svg+xml",
      "text/plain",
    ]);
    const own = await kernel.execute('({ [Symbol.for("Jupyter.display")]: () => ({ "text/markdown": "**own**" }) })');
    assert.deepEqual(own.result.data, { "text/markdown": "**own**" });
  });

  it("imports TypeScript from outside the notebook's folder, and again after the file has changed", async () => {
    writeFileSync(join(folder, "tools.ts"), "export const twice = (x: number): number => 2 * x;\n");
    assert.equal(
      (await kernel.execute('import { twice } from "../tools.ts";\ntwice(4)')).result.data["text/plain"],
      "8",
    );
    await wait(20);
    writeFileSync(join(folder, "tools.ts"), "export const twice = (x: number): number => 20 * x;\n");
    assert.equal((await kernel.execute('import { twice } from "../tools";\ntwice(4)')).result.data["text/plain"], "80");
  });

  const failures = {
    "does not parse": ["const a = {", "SyntaxError", /^1:12 - /],
    "does not fit its types": [
      "const wrong: string = 5;",
      "TypeCheckError",
      /^1:7 - Type 'number' is not assignable to type 'string'/,
    ],
    "throws a value that is not an error": ["throw 7", "UncaughtValue", /^7$/],
    "awaits what is rejected": ["await Promise.reject(new RangeError('far'))", "RangeError", /^far$/],
    "wants to end the process": ["process.exit(2)", "Error", /^process\.exit\(2\): a cell cannot end the kernel/],
    "gives the library what it cannot use": [
      'import { loadPreferences } from "sera-lab";\nawait loadPreferences("no such file.jsonl")',
      "InputError",
      /no such file\.jsonl/,
    ],
  } as const;
  for (const [what, [code, ename, evalue]] of Object.entries(failures)) {
    it(`that ${what} fails with a reason and the line, and the kernel survives`, async () => {
      const { error, reply } = await kernel.execute(code);
      assert.equal(error.ename, ename);
      assert.match(error.evalue as string, evalue);
      assert.equal(reply.content.status, "error");
      assert.match(stripVTControlCharacters((error.traceback as string[]).join("\n")), /▶ \d+ │ /);
      assert.equal((await kernel.execute("1 + 1")).result.data["text/plain"], "2");
    });
  }

  it("reports unhandled rejections in its own stderr, even late ones and the library's", async () => {
    const later = kernel.start("setTimeout(() => Promise.reject(new Error('much later')), 50); 'ended'");
    const nobody = kernel.start('import { loadPreferences } from "sera-lab";\nvoid loadPreferences("nowhere.jsonl");');
    const isTold = (id: string, text: string) => () => textOf(kernel.publishedUnder(id), "stderr").includes(text);
    await kernel.until(isTold(later, "much later"), "the later rejection");
    await kernel.until(isTold(nobody, "nowhere.jsonl"), "the library's rejection");
    assert.equal((await kernel.answer(later)).reply.content.status, "ok");
    assert.equal((await kernel.answer(nobody)).reply.content.status, "ok");
  });

  it("publishes nothing more after an interrupt", async () => {
    const id = kernel.start(
      "for (let i = 0; ; i++) { console.log(`turn ${i}`); await new Promise((done) => setTimeout(done, 10)); }",
    );
    await kernel.untilWritten(id, "turn 3");
    kernel.signal("SIGINT");
    await kernel.answer(id);
    const said = kernel.publishedUnder(id).length;
    await wait(300);
    assert.equal(kernel.publishedUnder(id).length, said);
  });

  it("can handle an interrupt through cell.signal", async () => {
    const id = kernel.start(`
      import { cell } from "sera-lab";
      const { signal } = cell;
      console.log("watching");
      await new Promise<void>((done) => signal.addEventListener("abort", () => { console.log("put in order"); done(); }));`);
    await kernel.untilWritten(id, "watching");
    kernel.signal("SIGINT");
    const answer = await kernel.answer(id);
    assert.equal(answer.error.ename, "Interrupted");
    assert.match(answer.text(), /put in order/);
  });

  it("that trains stops on an interrupt, lets the next cell run, and resumes to the same model bytes when rerun", async () => {
    await kernel.execute(`
      import { loadModel, loadPreferences, sera, world } from "sera-lab";
      const { pairs } = await loadPreferences(world.train, { limit: 96 });
      const start = await loadModel(world.sft, { threads: 1 });
      const options = { beta: 1, iterations: 2, batchSize: 4, maxNewTokens: 16, seed: 1 };`);
    const train = 'const run = await sera(start, pairs, { ...options, folder: "stopped" });\nrun.iterations.length';
    const id = kernel.start(train);
    const hasMoved = ({ header, content }: Received) =>
      header.msg_type === "update_display_data" && /align 1\/2/.test(JSON.stringify(content));
    await kernel.until(() => kernel.publishedUnder(id).some(hasMoved), "progress of the training");
    kernel.signal("SIGINT");
    assert.equal((await kernel.answer(id)).error.ename, "Interrupted");
    assert.equal((await kernel.execute("6 * 7")).result.data["text/plain"], "42");
    const left = readdirSync(join(notebooks, "stopped/iteration-1"));
    assert.ok(
      left.some((name) => name.startsWith("checkpoint-")),
      left.join(", "),
    );
    assert.equal((await kernel.execute(train)).result.data["text/plain"], "3");
    await kernel.execute('await sera(start, pairs, { ...options, folder: "whole" })');
    const model = (name: string) => readFileSync(join(notebooks, name, "iteration-2/model/model.safetensors"));
    assert.ok(model("stopped").equals(model("whole")));
  });

  it("gets the same losses and responses on TensorFlow.js as on ONNX Runtime", async () => {
    await kernel.execute(`
      import { loadModel, loadPreferences, respond, sera, world } from "sera-lab";
      const { pairs: few } = await loadPreferences(world.train, { limit: 12 });
      const on = async (engine: Parameters<typeof loadModel>[1], folder: string) => {
        const policy = await loadModel(world.sft, engine);
        const run = await sera(policy, few, { beta: 1, iterations: 2, batchSize: 4, maxNewTokens: 8, seed: 1, folder });
        const written = await respond(policy, few.slice(0, 2).map(({ prompt }) => prompt), { temperature: 0, maxNewTokens: 8 });
        return { losses: [...run.steps.array("loss")] as number[], responses: [...written.array("response")] as string[] };
      };`);
    const here = async (engine: string) => {
      const { result } = await kernel.execute(`JSON.stringify(await on(${engine}, "run-${engine.length}"))`);
      return JSON.parse((result.data["text/plain"] as string).slice(1, -1)) as {
        losses: number[];
        responses: string[];
      };
    };
    const [onnx, tfjs] = [await here("{ threads: 1 }"), await here('{ engine: "tfjs", backend: "wasm" }')];
    assert.deepEqual([onnx.losses.length, tfjs.losses.length], [6, 6]);
    tfjs.losses.forEach((loss, i) => assert.ok(Math.abs(loss - onnx.losses[i]!) < 1e-4, `${loss}, ${onnx.losses[i]}`));
    assert.deepEqual(tfjs.responses, onnx.responses);
  });
});
