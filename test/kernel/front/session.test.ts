import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { emptyFolder } from "../../support/folder.js";
import { startKernel, textOf, type Kernel } from "../../support/jupyter-client.js";

async function started(test: TestContext, env: NodeJS.ProcessEnv = {}): Promise<Kernel> {
  const kernel = await startKernel({ env });
  test.after(() => kernel.stop());
  return kernel;
}

/** Returns the session's process id. */
async function sessionOf(kernel: Kernel): Promise<number> {
  return Number((await kernel.execute("var kept = 1; process.pid")).result.data["text/plain"]);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("a session that ends", () => {
  it("by SIGKILL fails its cell with OutOfMemoryError; a new session takes over and requests are answered", async (test) => {
    const kernel = await started(test);
    const pid = await sessionOf(kernel);
    const id = kernel.start('console.log("stuck"); while (true) {}');
    const behind = kernel.start("1");
    await kernel.untilWritten(id, "stuck");
    const question = kernel.send("complete_request", { code: "Math.cb", cursor_pos: 7 });
    process.kill(pid, "SIGKILL");
    const { reply, error } = await kernel.answer(id);
    assert.equal(error.ename, "OutOfMemoryError");
    assert.match(error.evalue, /SIGKILL, probably by the system because memory ran out\. All variables are gone/);
    assert.equal(reply.content.status, "error");
    assert.deepEqual((await kernel.answer(behind)).reply.content, { status: "aborted" });
    // It is answered, whether it came before or after the end.
    assert.match((await kernel.answer(question)).reply.content.status, /^(?:ok|error)$/);
    const count = reply.content.execution_count;
    const next = await kernel.execute("kept");
    assert.match(next.error.evalue, /Cannot find name 'kept'/);
    assert.equal(next.reply.content.execution_count, count + 1);
    assert.deepEqual(
      (await kernel.request("complete_request", { code: "Math.cb", cursor_pos: 7 })).reply.content.matches,
      ["cbrt"],
    );
  });

  it("while no cell runs is reported on stderr under the last cell, and the next cell runs", async (test) => {
    const kernel = await started(test);
    const pid = await sessionOf(kernel);
    const id = kernel.start("2");
    await kernel.answer(id);
    process.kill(pid, "SIGSEGV");
    const told = () => textOf(kernel.publishedUnder(id), "stderr");
    await kernel.until(() => told() !== "", "a word about the session");
    assert.match(told(), /^SessionEnded: The session was ended by SIGSEGV\. All variables are gone/);
    assert.equal((await kernel.execute("1 + 1")).result.data["text/plain"], "2");
  });

  it("because its heap is full fails its cell and keeps V8's dump out of the cell's output", async (test) => {
    const kernel = await started(test, { NODE_OPTIONS: "--max-old-space-size=250" });
    const answer = await kernel.execute(
      "const rows: number[][] = []; while (true) rows.push(new Array(1000).fill(rows.length));",
    );
    assert.equal(answer.error.ename, "OutOfMemoryError");
    assert.match(answer.error.evalue, /heap is full.*NODE_OPTIONS=--max-old-space-size=/);
    assert.equal(answer.text("stderr"), "");
    assert.match(kernel.stderr, /heap out of memory/);
    assert.equal((await kernel.execute("1 + 1")).result.data["text/plain"], "2");
  });

  it("three times before it is ready ends the kernel with a reason", async (test) => {
    // Every process loads this file first, so its later content affects only later sessions.
    const preload = join(emptyFolder(test), "preload.cjs");
    writeFileSync(preload, "");
    const kernel = await started(test, { NODE_OPTIONS: `--require ${preload}` });
    const pid = await sessionOf(kernel);
    writeFileSync(preload, "process.exit(3)");
    process.kill(pid, "SIGKILL");
    assert.deepEqual(await kernel.exited, { code: 1, signal: null });
    assert.match(
      kernel.stderr,
      /sera kernel: the session ended with exit code 3\nsera kernel: 3 sessions in a row have ended before they could run a cell\n$/,
    );
  });
});

describe("the session's process", () => {
  it("ends if the front is killed, even while its cell is stuck", async (test) => {
    const kernel = await started(test);
    const pid = await sessionOf(kernel);
    const id = kernel.start('console.log("stuck"); while (true) {}');
    await kernel.untilWritten(id, "stuck");
    kernel.signal("SIGKILL");
    await kernel.exited;
    await kernel.until(() => !isRunning(pid), "the session's end", 5);
  });

  it("is ended by a shutdown even while its cell is stuck", async (test) => {
    const kernel = await started(test);
    const pid = await sessionOf(kernel);
    const id = kernel.start('console.log("stuck"); while (true) {}');
    await kernel.untilWritten(id, "stuck");
    const { reply } = await kernel.shutdown();
    assert.deepEqual(reply.content, { status: "ok", restart: false });
    assert.equal(isRunning(pid), false);
  });
});
