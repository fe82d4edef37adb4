import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { threadsFor } from "../../../src/engine/onnx/threads.js";

describe("threads", () => {
  it("are left to onnxruntime if the process has all cores, unless a number is given", () => {
    assert.equal(threadsFor(0, 8, 8), 0);
    assert.equal(threadsFor(3, 8, 8), 3);
    assert.equal(threadsFor(3, 1, 8), 3);
  });

  it("equal the number of cores that the process may run on", () => assert.equal(threadsFor(0, 2, 8), 2));

  const skip = hasTaskset()
    ? availableParallelism() < cpus().length && "this process has not all cores itself"
    : "there is no taskset here";
  it("stay on the cores of the process", { skip }, () => {
    const script = `
      const { OnnxEngine } = await import(${JSON.stringify(pathToFileURL("dist/src/engine/onnx/engine.js").href)});
      const { Graph, matmul, tensor } = await import(${JSON.stringify(pathToFileURL("dist/src/graph/index.js").href)});
      const engine = new OnnxEngine();
      const x = new Graph().state("x", "float32", [64, 64]);
      const state = await engine.createState([["x", tensor([64, 64], new Float32Array(4096))]]);
      await (await engine.prepare({ outputs: { y: matmul(x, x) }, updates: new Map() })).run({}, [state]);
      const { readdirSync, readFileSync } = await import("node:fs");
      const allowed = readdirSync("/proc/self/task").map((id) => /Cpus_allowed_list:\\s*(.*)/.exec(readFileSync("/proc/self/task/" + id + "/status", "utf8"))[1]);
      console.log([...new Set(allowed)].join(" "));
      await engine.close();`;
    const first = firstCore();
    assert.equal(
      execFileSync("taskset", ["-c", first, process.execPath, "--input-type=module", "-e", script], {
        encoding: "utf8",
      }).trim(),
      first,
    );
  });
});

function hasTaskset(): boolean {
  try {
    execFileSync("taskset", ["-V"], { stdio: "ignore" });
    return readdirSync("/proc/self").includes("status");
  } catch {
    return false;
  }
}

/** The first core that this process may run on. */
function firstCore(): string {
  return /Cpus_allowed_list:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]!;
}
