import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { textOf, startKernel, type Kernel, type Received } from "../../support/jupyter-client.js";

let kernel: Kernel;
before(async () => {
  kernel = await startKernel();
});
after(() => kernel.stop());

const types = (messages: readonly Received[]) => messages.map(({ header }) => header.msg_type);
/** Code that shows a bundle, with a name for the output if one is given. */
const show = (text: string, rest = "") =>
  `globalThis[Symbol.for("sera-lab.host")].show({ "text/plain": ${text} }${rest});`;

describe("a cell", () => {
  it("is echoed, counted and answered, and its outputs are published under its request", async () => {
    const first = await kernel.execute('console.log("out"); console.error("err"); 6 * 7');
    assert.deepEqual(types(first.published), [
      "status",
      "execute_input",
      "stream",
      "stream",
      "execute_result",
      "status",
    ]);
    const count = first.reply.content.execution_count;
    assert.deepEqual(first.input, { code: 'console.log("out"); console.error("err"); 6 * 7', execution_count: count });
    assert.deepEqual(first.reply.content, { status: "ok", execution_count: count, payload: [], user_expressions: {} });
    assert.equal(first.result.execution_count, count);
    assert.equal(first.result.data["text/plain"], "42");
    assert.deepEqual([first.text("stdout"), first.text("stderr")], ["out\n", "err\n"]);
    const second = await kernel.execute("1");
    assert.equal(second.reply.content.execution_count, count + 1);
  });

  it("displays outputs and updates them by display_id", async () => {
    const { outputs } = await kernel.execute(
      `${show('"one"')} ${show('"two"', ', "name"')} ${show('"three"', ', "name", true')}`,
    );
    assert.deepEqual(types(outputs), ["display_data", "display_data", "update_display_data"]);
    assert.deepEqual(
      outputs.map(({ content }) => content),
      [
        { data: { "text/plain": "one" }, metadata: {}, transient: {} },
        { data: { "text/plain": "two" }, metadata: {}, transient: { display_id: "name" } },
        { data: { "text/plain": "three" }, metadata: {}, transient: { display_id: "name" } },
      ],
    );
  });

  it("that fails publishes an error and repeats it in the reply", async () => {
    const { reply, error } = await kernel.execute('throw new RangeError("too far")');
    const { status, execution_count, ...failure } = reply.content;
    assert.equal(status, "error");
    assert.equal(typeof execution_count, "number");
    assert.deepEqual(failure, error);
    assert.deepEqual([error.ename, error.evalue], ["RangeError", "too far"]);
  });

  it("without code is answered without being run", async () => {
    const { reply, published } = await kernel.execute(" \n ");
    assert.equal(reply.content.status, "ok");
    assert.deepEqual(types(published), ["status", "status"]);
  });

  it("is not counted if silent or not stored; a silent one publishes only its streams", async () => {
    const count = (await kernel.execute("0")).reply.content.execution_count;
    const silent = await kernel.execute('console.log("heard"); 1', { silent: true });
    assert.deepEqual(types(silent.published), ["status", "stream", "status"]);
    const unstored = await kernel.execute("2", { store_history: false });
    assert.deepEqual(types(unstored.published), ["status", "execute_input", "execute_result", "status"]);
    assert.deepEqual(
      [silent, unstored].map(({ reply }) => reply.content.execution_count),
      [count, count],
    );
    assert.equal((await kernel.execute("3")).reply.content.execution_count, count + 1);
  });

  it("evaluates each of its user_expressions separately after it has run", async () => {
    const user_expressions = {
      sum: "asked + 1",
      wrong: "nowhere",
      thrown: "(() => { throw new RangeError('far') })()",
    };
    const { reply } = await kernel.execute("let asked = 4;", { user_expressions });
    const { sum, wrong, thrown } = reply.content.user_expressions;
    assert.deepEqual(sum, { status: "ok", data: { "text/plain": "5" }, metadata: {} });
    assert.deepEqual([wrong.status, wrong.ename], ["error", "TypeCheckError"]);
    assert.deepEqual([thrown.status, thrown.ename, thrown.evalue], ["error", "RangeError", "far"]);
    const empty = await kernel.execute("", { silent: true, user_expressions: { again: "asked" } });
    assert.equal(empty.reply.content.user_expressions.again.data["text/plain"], "4");
    assert.equal(
      (await kernel.execute("throw 1", { user_expressions: { sum: "1" } })).reply.content.user_expressions,
      undefined,
    );
  });

  it("is found in the history by tail, search and range", async () => {
    const { reply } = await kernel.execute("'remembered 1'");
    await kernel.execute("'not remembered'", { store_history: false });
    await kernel.execute("'remembered 2'");
    await kernel.execute("'remembered 2'");
    const first = reply.content.execution_count as number;
    const history = async (content: object) =>
      (await kernel.request("history_request", { raw: true, output: false, ...content })).reply.content.history;
    assert.deepEqual(await history({ hist_access_type: "tail", n: 2 }), [
      [1, first + 1, "'remembered 2'"],
      [1, first + 2, "'remembered 2'"],
    ]);
    assert.deepEqual(await history({ hist_access_type: "search", pattern: "*rememb?red*", unique: true }), [
      [1, first, "'remembered 1'"],
      [1, first + 2, "'remembered 2'"],
    ]);
    assert.deepEqual(
      await history({ hist_access_type: "range", session: 0, start: first, stop: first + 1, output: true }),
      [[1, first, ["'remembered 1'", null]]],
    );
    assert.deepEqual(await history({ hist_access_type: "range", session: 7, start: 0 }), []);
  });
});

describe("a cell that asks the user", () => {
  it("receives the typed text, and publishes its earlier output before and its later output after it", async () => {
    const code =
      'console.log("before"); const typed = await prompt("Which? "); console.log("after"); typed.toUpperCase()';
    const id = kernel.start(code, { allow_stdin: true });
    const asked = await kernel.asked(id);
    assert.deepEqual(asked, { prompt: "Which? ", password: false });
    await kernel.untilWritten(id, "before");
    assert.equal(textOf(kernel.publishedUnder(id)), "before\n");
    kernel.send("input_reply", { value: "this" }, "stdin");
    const answer = await kernel.answer(id);
    assert.deepEqual([answer.text(), answer.result.data["text/plain"]], ["before\nafter\n", "'THIS'"]);
  });

  it("fails if the front end takes no input, and can be interrupted", async () => {
    const { error } = await kernel.execute('await prompt("Which? ")');
    assert.equal(error.evalue, "prompt: this front end takes no input");
    const id = kernel.start("await prompt()", { allow_stdin: true });
    await kernel.asked(id);
    kernel.signal("SIGINT");
    assert.equal((await kernel.answer(id)).error.ename, "Interrupted");
    const next = kernel.start("await prompt()", { allow_stdin: true });
    await kernel.asked(next);
    kernel.send("input_reply", { value: "mine" }, "stdin");
    assert.equal((await kernel.answer(next)).result.data["text/plain"], "'mine'");
  });
});

describe("cells requested at once", () => {
  it("run in order", async () => {
    const ids = [3, 2, 1].map((number) =>
      kernel.start(`await new Promise((done) => setTimeout(done, ${number * 50})); console.log(${number})`),
    );
    const answers = await Promise.all(ids.map((id) => kernel.answer(id)));
    assert.deepEqual(
      answers.map((answer) => answer.text()),
      ["3\n", "2\n", "1\n"],
    );
    assert.deepEqual(
      kernel.iopub
        .filter(({ header, parent }) => header.msg_type === "stream" && ids.includes(parent.msg_id))
        .map(({ content }) => content.text),
      ["3\n", "2\n", "1\n"],
    );
  });

  const failing = 'await new Promise((done) => setTimeout(done, 100)); throw new Error("no")';

  it("are aborted after one that fails, and later requests run", async () => {
    const ids = [kernel.start(failing), kernel.start('console.log("never")'), kernel.start("2")];
    const [failed, ...dropped] = await Promise.all(ids.map((id) => kernel.answer(id)));
    assert.equal(failed!.reply.content.status, "error");
    for (const { reply, published } of dropped) {
      assert.deepEqual(reply.content, { status: "aborted" });
      assert.deepEqual(types(published), ["status", "status"]);
    }
    assert.equal((await kernel.execute("5")).result.data["text/plain"], "5");
  });

  it("run after one that fails with stop_on_error: false", async () => {
    const ids = [kernel.start(failing, { stop_on_error: false }), kernel.start("7")];
    const [failed, next] = await Promise.all(ids.map((id) => kernel.answer(id)));
    assert.equal(failed!.reply.content.status, "error");
    assert.equal(next!.result.data["text/plain"], "7");
  });
});

describe("outputs", () => {
  it("of a thousand alternating prints and displays arrive in order", async () => {
    const { outputs } = await kernel.execute(
      `for (let i = 0; i < 1000; i++) { if (i % 2) console.log(i); else { ${show("String(i)")} } }`,
    );
    const shown = outputs.flatMap(({ header, content }) =>
      header.msg_type === "stream"
        ? (content.text as string).trim().split("\n")
        : [content.data["text/plain"] as string],
    );
    assert.deepEqual(
      shown,
      Array.from({ length: 1000 }, (_, i) => String(i)),
    );
  });

  const expected = `${Array.from({ length: 100_000 }, (_, i) => `${i} `.padEnd(99, "é")).join("\n")}\n`;

  it("of 10 MB in small prints arrive complete, in fewer than 2000 messages", async () => {
    const answer = await kernel.execute('for (let i = 0; i < 100_000; i++) console.log(`${i} `.padEnd(99, "é"))');
    assert.ok(answer.text() === expected, "the text has changed");
    assert.ok(answer.outputs.length < 2000, `${answer.outputs.length} messages`);
  });

  it("of 10 MB in one print arrive complete", async () => {
    const answer = await kernel.execute(
      'console.log(Array.from({ length: 100_000 }, (_, i) => `${i} `.padEnd(99, "é")).join("\\n"))',
    );
    assert.ok(answer.text() === expected, "the text has changed");
  });

  it("of an ended cell are published under that cell", async () => {
    const id = kernel.start(`setTimeout(() => { console.log("late"); ${show('"later"')} }, 500)`);
    assert.equal((await kernel.answer(id)).reply.content.status, "ok");
    const next = await kernel.execute('await new Promise((done) => setTimeout(done, 1000)); console.log("next")');
    assert.deepEqual(types(kernel.publishedUnder(id)).slice(-2), ["stream", "display_data"]);
    assert.equal(textOf(kernel.publishedUnder(id)), "late\n");
    assert.equal(next.text(), "next\n");
  });

  it("of a program that a cell starts, and of native code, are published under the cell", async () => {
    const id = kernel.start(`
      import { spawnSync } from "node:child_process";
      spawnSync("echo", ["from a program ✓"], { stdio: "inherit" });
      (process as any)._rawDebug("from native code ✓");`);
    const written = () => {
      const published = kernel.publishedUnder(id);
      return [textOf(published), textOf(published, "stderr")];
    };
    await kernel.until(() => !written().includes(""), "both outputs");
    assert.deepEqual(written(), ["from a program ✓\n", "from native code ✓\n"]);
  });
});
