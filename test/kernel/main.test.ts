import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { emptyFolder } from "../support/folder.js";
import { startKernel, type Kernel } from "../support/jupyter-client.js";

async function started(test: TestContext): Promise<Kernel> {
  const kernel = await startKernel();
  test.after(() => kernel.stop());
  return kernel;
}

describe("the kernel process", () => {
  it("replies to a shutdown request on control and IOPub, and exits with code 0", async (test) => {
    const kernel = await started(test);
    const { reply, published } = await kernel.shutdown();
    assert.deepEqual(reply.content, { status: "ok", restart: false });
    const types = published.map(({ header, content }) => content.execution_state ?? header.msg_type);
    assert.deepEqual(types, ["busy", "shutdown_reply", "idle"]);
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
    assert.equal(kernel.stderr, "");
  });

  it("exits with code 0 on SIGTERM", async (test) => {
    const kernel = await started(test);
    kernel.signal("SIGTERM");
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
  });

  it("restarts with the same connection file and forgets the earlier variables", async (test) => {
    const kernel = await started(test);
    await kernel.execute("var kept = 1");
    const { reply } = await kernel.restart();
    assert.deepEqual(reply.content, { status: "ok", restart: true });
    const { error, reply: later } = await kernel.execute("kept");
    assert.match(error.evalue, /Cannot find name 'kept'/);
    assert.equal(later.content.execution_count, 1);
    assert.notEqual(later.header.session, reply.header.session);
  });

  const start = (...args: string[]) => {
    const { status, stderr } = spawnSync(process.execPath, [resolve("dist/src/kernel/main.js"), ...args], {
      encoding: "utf8",
    });
    return { status, stderr };
  };

  it("reports a missing connection file in one line", (test) => {
    const path = join(emptyFolder(test), "none.json");
    const expected = "expected the connection file that Jupyter writes for a kernel";
    assert.deepEqual(start(path), { status: 1, stderr: `sera kernel: ${path}: no such file; ${expected}\n` });
    assert.deepEqual(start(), {
      status: 1,
      stderr:
        "sera kernel: no connection file given; Jupyter starts a kernel with the path of the one that it writes\n",
    });
  });

  it("reports an address that is in use in one line", async (test) => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((listening) => server.once("listening", listening));
    test.after(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const path = join(emptyFolder(test), "connection.json");
    const ports = { shell_port: port, control_port: port, stdin_port: port, iopub_port: port, hb_port: port };
    writeFileSync(
      path,
      JSON.stringify({ transport: "tcp", ip: "127.0.0.1", ...ports, key: "", signature_scheme: "hmac-sha256" }),
    );
    const { status, stderr } = start(path);
    assert.equal(status, 1);
    assert.ok(
      stderr.startsWith(
        `sera kernel: ${path}: found shell_port = ${port}, where tcp://127.0.0.1:${port} cannot be listened to`,
      ),
      stderr,
    );
    assert.equal(stderr.trimEnd().split("\n").length, 1);
  });
});
