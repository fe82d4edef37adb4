import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startKernel, type Kernel } from "../../support/jupyter-client.js";

let kernel: Kernel;
before(async () => {
  kernel = await startKernel();
});
after(() => kernel.stop());

const ways = {
  "a signal": async () => kernel.signal("SIGINT"),
  "a request on control": async () => {
    const { reply } = await kernel.request("interrupt_request", {}, "control");
    assert.deepEqual(reply.content, { status: "ok" });
  },
};
const work = {
  "a loop without an end": "while (true) {}",
  "code that never asks whether it is to stop": '/(x+x+)+y/.test("x".repeat(50))',
  "a wait without an end": "await new Promise(() => setInterval(() => {}, 1000))",
};

describe("an interrupt", () => {
  for (const [way, interrupt] of Object.entries(ways)) {
    for (const [what, code] of Object.entries(work)) {
      it(`by ${way} stops ${what}, aborts the queued cells and keeps the variables`, async () => {
        await kernel.execute("var kept = 5");
        const id = kernel.start(`console.log("started"); ${code}`);
        const waiting = kernel.start('console.log("never")');
        await kernel.untilWritten(id, "started");
        await interrupt();
        const { reply, error } = await kernel.answer(id);
        assert.equal(reply.content.status, "error");
        assert.equal(reply.content.ename, error.ename);
        assert.deepEqual((await kernel.answer(waiting)).reply.content, { status: "aborted" });
        assert.equal((await kernel.execute("kept + 1")).result.data["text/plain"], "6");
      });
    }
  }

  it("stops only the running cell, 20 times in a row", async () => {
    for (let round = 0; round < 20; round++) {
      const id = kernel.start('console.log("started"); while (true) {}');
      await kernel.untilWritten(id, "started");
      kernel.signal("SIGINT");
      assert.equal((await kernel.answer(id)).reply.content.status, "error");
      assert.equal((await kernel.execute("kept")).result.data["text/plain"], "5");
    }
  });

  it("of an idle kernel does nothing", async () => {
    kernel.signal("SIGINT");
    await kernel.request("interrupt_request", {}, "control");
    assert.equal((await kernel.execute("kept + 2")).result.data["text/plain"], "7");
  });

  it("of a cell that waits for its session stops that cell", async (test) => {
    const fresh = await startKernel();
    test.after(() => fresh.stop());
    const id = fresh.start("while (true) {}");
    await fresh.until(() => fresh.publishedUnder(id).length > 0, "the cell's start");
    fresh.signal("SIGINT");
    assert.equal((await fresh.answer(id)).reply.content.status, "error");
    assert.equal((await fresh.execute("1")).reply.content.status, "ok");
  });
});
