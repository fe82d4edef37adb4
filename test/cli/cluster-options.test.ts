import assert from "node:assert/strict";
import { Command } from "commander";
import { join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { clusterOptions, computeTargetOf } from "../../src/cli/cluster-options.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { json, rows, run, subfolder, workFolder, writeTinyCheckpoint } from "../support/command.js";
import { RayServer } from "../support/ray-server.js";
import { rayWorker } from "../support/ray-worker.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());
const work = workFolder();

const target = (...flags: readonly string[]) =>
  computeTargetOf(
    clusterOptions(new Command())
      .exitOverride()
      .configureOutput({ writeErr() {} })
      .parse(flags, { from: "user" })
      .opts(),
  );

describe("--on", () => {
  it("names a cluster and requires its storage", () => {
    assert.equal(target(), undefined);
    const { identity } = target(
      "--on",
      "ray://head:8265",
      "--storage",
      "/shared",
      "--workers",
      "4",
      "--gpus",
      "1",
      "--precision",
      "bfloat16",
      "--shard",
    )!;
    assert.deepEqual(identity, { ray: { trl: "1.16.0", transformers: "5.23.0", precision: "bfloat16" } });
    assert.throws(
      () => target("--on", "ray://head:8265"),
      /--on: a cluster reads and writes files that this machine sees too; give --storage/,
    );
    assert.throws(() => target("--workers", "4"), /^InputError: --workers: there is no cluster; give --on too/);
    assert.throws(() => target("--cluster-python", "python3"), /--cluster-python: there is no cluster/);
    assert.throws(() => target("--precision", "float16"), /Allowed choices are float32, bfloat16/);
  });

  it("runs on the cluster from the command line", async (test) => {
    const server = await RayServer.start(test, rayWorker(programs));
    const cwd = subfolder(work, "there");
    await writeTinyCheckpoint(join(cwd, "model"));
    const flags = [
      "--data",
      resolve("data/world/train.jsonl"),
      "--limit",
      "12",
      "--batch-size",
      "4",
      "--epochs",
      "1",
      "--threads",
      "1",
      "--model",
      "model",
      "--out",
      "run",
    ];
    const ended = await run(
      ["align", "--method", "direct", ...flags, "--on", server.address, "--storage", "shared"],
      cwd,
    );
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /align 1\/1/);
    assert.equal(rows(cwd, "run/metrics.jsonl").length, 3);
    assert.equal(json(cwd, "run/run.json").facts.on.ray.trl, "1.16.0");
    assert.deepEqual(
      server.of("train").map(({ status }) => status),
      ["SUCCEEDED"],
    );
  });

  it("fails with an error of one line if no server answers", async (test) => {
    const server = await RayServer.start(test, async () => {});
    await server.stop();
    const cwd = subfolder(work, "nobody");
    await writeTinyCheckpoint(join(cwd, "model"));
    const flags = [
      "--data",
      resolve("data/world/train.jsonl"),
      "--limit",
      "12",
      "--threads",
      "1",
      "--model",
      "model",
      "--out",
      "run",
    ];
    const ended = await run(["align", ...flags, "--on", server.address, "--storage", "shared"], cwd);
    assert.equal(ended.code, 1);
    assert.match(
      ended.stderr,
      /\nsera: http:\/\/127\.0\.0\.1:\d+: no job server of Ray answers \(ECONNREFUSED\); start one by ray start --head, .*\n$/,
    );
    await server.listen();
  });
});
