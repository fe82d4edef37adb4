import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { encode } from "../../../src/kernel/wire/codec.js";
import { startKernel, type Kernel } from "../../support/jupyter-client.js";

const request = {
  identities: [],
  header: { msg_id: "m", msg_type: "kernel_info_request", session: "s" },
  parent: {},
  metadata: {},
  content: {},
  buffers: [],
};

async function started(test: TestContext, options: Parameters<typeof startKernel>[0] = {}): Promise<Kernel> {
  const kernel = await startKernel(options);
  test.after(() => kernel.stop());
  return kernel;
}

describe("the wire", () => {
  it("drops and reports malformed messages and those signed with another key", async (test) => {
    const kernel = await started(test);
    kernel.sendFrames([Buffer.from("nonsense")]);
    kernel.sendFrames(encode(request, "another key"), "control");
    const { reply } = await kernel.request("kernel_info_request", {}, "control");
    assert.equal(reply.content.status, "ok");
    await kernel.request("kernel_info_request");
    assert.deepEqual(kernel.stderr.trim().split("\n").sort(), [
      "sera kernel: a message on control is ignored: it is not signed with the connection file's key",
      "sera kernel: a message on shell is ignored: no delimiter <IDS|MSG> among the frames",
    ]);
    assert.ok(
      kernel.iopub.every(({ parent }) => parent.msg_id !== "m"),
      "the forged request was answered",
    );
  });

  it("carries messages if there is no key", async (test) => {
    const kernel = await started(test, { key: "" });
    assert.equal((await kernel.execute("6 * 7")).result.data["text/plain"], "42");
  });

  it("carries messages over IPC", async (test) => {
    const kernel = await started(test, { transport: "ipc" });
    assert.equal((await kernel.execute("6 * 7")).result.data["text/plain"], "42");
  });

  it("echoes heartbeats while a cell is stuck", async (test) => {
    const kernel = await started(test);
    const id = kernel.start('console.log("stuck"); while (true) {}');
    await kernel.untilWritten(id, "stuck");
    for (const text of ["one", "two"])
      assert.equal(Buffer.from(await kernel.heartbeat(Buffer.from(text))).toString(), text);
  });

  it("answers each of two front ends and publishes outputs to both", async (test) => {
    const kernel = await started(test);
    const other = await kernel.connectAnother();
    test.after(() => other.disconnect());
    const [mine, theirs] = await Promise.all([
      kernel.execute('console.log("mine")'),
      other.execute('console.log("theirs")'),
    ]);
    assert.deepEqual([mine.text(), theirs.text()], ["mine\n", "theirs\n"]);
    await other.until(() => other.iopub.some(({ content }) => content.text === "mine\n"), "the first one's output");
  });
});
