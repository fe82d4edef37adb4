import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { emptyFolder } from "../../support/folder.js";
import { startKernel, type Answer, type Kernel } from "../../support/jupyter-client.js";

let kernel: Kernel;
before(async () => {
  kernel = await startKernel();
});
after(() => kernel.stop());

const states = ({ published }: Answer) =>
  published.filter(({ header }) => header.msg_type === "status").map(({ content }) => content.execution_state);

for (const channel of ["shell", "control"] as const) {
  describe(`a request on ${channel}`, () => {
    const requests: [type: string, content: Record<string, unknown>, reply: object][] = [
      [
        "kernel_info_request",
        {},
        { status: "ok", protocol_version: "5.3", implementation: "sera", debugger: false, supported_features: [] },
      ],
      ["history_request", { hist_access_type: "tail", n: 10 }, { status: "ok", history: [] }],
      ["comm_info_request", { target_name: "jupyter.widget" }, { status: "ok", comms: {} }],
      ["is_complete_request", { code: "1 + 1" }, { status: "complete" }],
      ["is_complete_request", { code: "function f() {" }, { status: "incomplete" }],
      ["interrupt_request", {}, { status: "ok" }],
      [
        "debug_request",
        { type: "request", command: "debugInfo" },
        { status: "error", ename: "UnsupportedRequest", evalue: "this kernel does not know debug_request" },
      ],
      [
        "dance_request",
        {},
        { status: "error", ename: "UnsupportedRequest", evalue: "this kernel does not know dance_request" },
      ],
      [
        "complete_request",
        { code: 1 },
        {
          status: "error",
          ename: "InvalidRequest",
          evalue: "complete_request: code: Invalid input: expected string, received number",
        },
      ],
      [
        "execute_request",
        {},
        {
          status: "error",
          ename: "InvalidRequest",
          evalue: "execute_request: code: Invalid input: expected string, received undefined",
        },
      ],
      ["execute_request", { code: "6 * 7", silent: true }, { status: "ok", payload: [], user_expressions: {} }],
    ];
    for (const [type, content, expected] of requests) {
      it(`${type} ${JSON.stringify(content)}`, async () => {
        const answer = await kernel.request(type, content, channel);
        const { reply } = answer;
        assert.equal(reply.header.msg_type, type.replace("_request", "_reply"));
        assert.equal(reply.parent.msg_type, type);
        assert.deepEqual({ ...reply.content, ...expected }, reply.content);
        assert.deepEqual(states(answer), ["busy", "idle"]);
      });
    }

    it("completes code, with positions in code points", async () => {
      const { reply } = await kernel.request("complete_request", { code: '"😀😀".toUpp', cursor_pos: 10 }, channel);
      assert.deepEqual(reply.content.matches, ["toUpperCase"]);
      assert.deepEqual([reply.content.cursor_start, reply.content.cursor_end], [5, 10]);
      const [{ start, end, text }] = reply.content.metadata._jupyter_types_experimental;
      assert.deepEqual({ start, end, text }, { start: 5, end: 10, text: "toUpperCase" });
    });

    it("inspects code, with a position in code points", async () => {
      const code = "/* 😀😀😀😀 */ Math.hypot(1)";
      const { reply } = await kernel.request(
        "inspect_request",
        { code, cursor_pos: [...code].length - 5, detail_level: 0 },
        channel,
      );
      assert.equal(reply.content.found, true);
      assert.match(reply.content.data["text/plain"], /hypot\(\.\.\.values: number\[\]\): number/);
    });
  });
}

describe("the front", () => {
  it("reports its language and versions", async () => {
    const { reply } = await kernel.request("kernel_info_request");
    const { name, version, mimetype, file_extension, nbconvert_exporter } = reply.content.language_info;
    assert.deepEqual(
      [name, mimetype, file_extension, nbconvert_exporter],
      ["typescript", "text/typescript", ".ts", "script"],
    );
    assert.match(version, /^5\.\d+\.\d+$/);
    assert.match(reply.content.implementation_version, /^\d+\.\d+\.\d+$/);
  });

  it("answers kernel_info_request before the session is ready", async (test) => {
    const folder = emptyFolder(test);
    const [waits, go, preload] = ["waits", "go", "preload.cjs"].map((name) => join(folder, name)) as string[];
    // Every process loads this file first; of them, the session is the one that can send messages. It stops waiting if the
    // test has failed and removed the folder.
    writeFileSync(
      preload!,
      `const { existsSync, writeFileSync } = require("node:fs");
       if (process.send) {
         writeFileSync(${JSON.stringify(waits)}, "");
         while (!existsSync(${JSON.stringify(go)}) && existsSync(${JSON.stringify(waits)}))
           Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
       }`,
    );
    // In place of the cache's folder, a file prevents a snapshot, which no other session could use.
    const early = await startKernel({ env: { NODE_OPTIONS: `--require ${preload}`, XDG_CACHE_HOME: preload! } });
    test.after(() => early.stop());
    await early.until(() => existsSync(waits!), "the session's process");
    assert.equal((await early.request("kernel_info_request")).reply.content.status, "ok");
    writeFileSync(go!, "");
    assert.equal((await early.execute("6 * 7")).result.data["text/plain"], "42");
  });

  it("closes an opened comm, and answers messages that need no reply only with busy and idle", async () => {
    const ids = [
      kernel.send("comm_open", { comm_id: "c", target_name: "jupyter.widget", data: {} }),
      kernel.send("comm_msg", { comm_id: "c", data: {} }),
      kernel.send("comm_close", { comm_id: "c", data: {} }),
      kernel.send("a_remark", {}),
    ];
    await kernel.request("kernel_info_request");
    const types = ids.map((id) =>
      kernel.publishedUnder(id).map(({ header, content }) => content.execution_state ?? header.msg_type),
    );
    assert.deepEqual(types, [
      ["busy", "comm_close", "idle"],
      ["busy", "idle"],
      ["busy", "idle"],
      ["busy", "idle"],
    ]);
    const [, { content }] = kernel.publishedUnder(ids[0]!) as any;
    assert.deepEqual(content, { comm_id: "c", data: {} });
  });

  it("answers requests while a cell waits, and reports busy again after each", async () => {
    const id = kernel.start('console.log("waits"); await new Promise((done) => setTimeout(done, 1500)); "done"');
    await kernel.untilWritten(id, "waits");
    const requests = [
      kernel.request("complete_request", { code: "Math.cb", cursor_pos: 7 }),
      kernel.request("inspect_request", { code: "Math", cursor_pos: 4 }),
      kernel.request("kernel_info_request", {}, "control"),
      kernel.request("is_complete_request", { code: "{" }),
    ];
    const [completed] = await Promise.all(requests);
    assert.deepEqual(completed!.reply.content.matches, ["cbrt"]);
    assert.ok(
      kernel.publishedUnder(id).every(({ content }) => content.execution_state !== "idle"),
      "the cell ended before the answers came",
    );
    const answer = await kernel.answer(id);
    assert.deepEqual(states(answer), ["busy", "busy", "busy", "busy", "busy", "idle"]);
    const last = kernel.iopub.filter(({ header }) => header.msg_type === "status").at(-1)!;
    assert.deepEqual([last.content.execution_state, last.parent.msg_id], ["idle", id]);
  });
});
