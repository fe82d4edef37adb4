// Runs the same cells locally and on a local Ray cluster, and compares the results: node scripts/ray-test.mjs [part …]
// SERA_RAY_PYTHON names a Python that has cluster/ installed; otherwise .venv-ray is created. If that fails, the script says so and
// exits with 0.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { freePorts } from "../dist/src/base/free-ports.js";
import { align, loadModel, loadPreferences, plot, ray, Run, sera } from "../dist/src/index.js";
import { clusterEnvironment } from "./cluster-environment.mjs";

const python = process.env.SERA_RAY_PYTHON ?? clusterEnvironment();
if (python === undefined) {
  console.log("skipped: Ray and TRL cannot be installed here; set SERA_RAY_PYTHON to a Python that has cluster/");
  process.exit(0);
}
const work = mkdtempSync(join(tmpdir(), "sera-ray-"));
const started = [];
process.on("exit", () => {
  for (const child of started) kill(child);
  rmSync(work, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const { pairs } = await loadPreferences("data/world/train.jsonl", { limit: 48 });
const { pairs: heldOut } = await loadPreferences("data/world/heldout.jsonl", { limit: 16 });
const options = { batchSize: 16, beta: 0.5, learningRate: 1e-4, maxNewTokens: 24, seed: 3, quiet: true };
const storage = join(work, "storage");
let head = await startHead();

const rows = (run, name) =>
  readFileSync(join(run.folder, name), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const there = (own = {}) => ray({ address: head.address, storage, python, patience: 5, ...own });
const folder = (name) => join(work, name);
const steps = (run, iteration = 1) => rows(run, "metrics.jsonl").filter((row) => row.iteration === iteration);

function near(found, expected, names, what) {
  assert.equal(found.length, expected.length, what);
  // The absolute difference of numbers below 1, the relative difference of larger ones.
  const farthest = Math.max(
    ...found.flatMap((row, i) =>
      names.map((name) => Math.abs(row[name] - expected[i][name]) / Math.max(1, Math.abs(expected[i][name]))),
    ),
  );
  assert.ok(farthest < 1e-4, `${what}: off by ${farthest}`);
  console.log(`  ${what}: off by at most ${farthest.toExponential(1)}`);
}

const reported = [
  "loss",
  "grad_norm",
  "learning_rate",
  "num_tokens",
  "rewards/chosen",
  "rewards/rejected",
  "rewards/margins",
  "logps/chosen",
  "logps/rejected",
];

const parts = {
  /** Two iterations of SeRA: deterministic results agree, and samples are equally good. */
  async sera() {
    const start = await loadModel("data/world/sft");
    const both = { ...options, iterations: 2, epochs: 1, responses: 2, heldOut };
    const local = await sera(start, pairs, { ...both, folder: folder("local") });
    const remote = await sera(start, pairs, { ...both, folder: folder("remote"), on: there({ workers: 2 }) });
    near(
      rows(remote, "iteration-0/reference.jsonl"),
      rows(local, "iteration-0/reference.jsonl"),
      ["chosen", "rejected"],
      "log-probabilities under the reference",
    );
    near(steps(remote), steps(local), reported, "steps of iteration 1, on two workers");
    const [there2, here2] = [remote, local].map((run) => rows(run, "iteration-2/margins.jsonl"));
    near(there2, here2, ["margin", "ensemble"], "margins");
    const least = Math.min(...here2.filter(({ kept }) => kept).map(({ ensemble }) => ensemble));
    const others = there2.filter(({ kept }, i) => kept !== here2[i].kept && Math.abs(here2[i].ensemble - least) > 1e-4);
    assert.deepEqual(others, []);
    for (const [t, { goldReward }] of remote.iterations.entries()) {
      const [low, high] = local.iterations[t].goldRewardInterval;
      console.log(
        `  gold reward of iteration ${t}: ${goldReward.toFixed(3)}, on this machine ${local.iterations[t].goldReward.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`,
      );
      assert.ok(goldReward > low - 0.05 && goldReward < high + 0.05);
    }
    const run = await Run.open(remote.folder, start);
    assert.ok(plot.margins(run) && plot.dashboard(run));
    await start.free();
  },

  /** Every loss that TRL has, in sums with different weights, so that a loss with another meaning changes the sum. */
  async losses() {
    const start = await loadModel("data/world/sft");
    const sums = {
      ranked: { aot: 0.6, "aot-unpaired": 0.8 },
      smoothed: { "exo-pair": 1 },
      robust: { rdpo: 1 },
      plain: {
        dpo: 1,
        ipo: 0.3,
        slic: 0.7,
        "sppo-hard": 0.2,
        "nca-pair": 0.6,
        "apo-zero": 1.4,
        "apo-down": 0.9,
        discopop: 1.1,
        nll: 0.4,
      },
    };
    for (const [name, loss] of Object.entries(sums)) {
      const both = { ...options, loss, batchSize: 8, epochs: 2, learningRate: 1e-3 };
      const local = await align(start, pairs.slice(0, 16), { ...both, folder: folder(`local-${name}`) });
      const remote = await align(start, pairs.slice(0, 16), { ...both, folder: folder(`remote-${name}`), on: there() });
      near(steps(remote), steps(local), ["loss", "grad_norm"], Object.keys(loss).join(", "));
    }
    await start.free();
  },

  /** An adapter on a base; micro-batches; weight decay, cosine schedule and clipping. */
  async lora() {
    const start = await loadModel("data/world/sft", { lora: { rank: 4 } });
    const both = {
      ...options,
      epochs: 2,
      microBatchSize: 4,
      weightDecay: 0.1,
      schedule: "cosine",
      warmup: 0.5,
      learningRate: 1e-3,
      maxGradNorm: 0.5,
    };
    const local = await align(start, pairs, { ...both, folder: folder("local-lora") });
    const remote = await align(start, pairs, { ...both, folder: folder("remote-lora"), on: there({ workers: 2 }) });
    near(steps(remote), steps(local), reported, "steps with an adapter");
    const policy = await (await Run.open(remote.folder, start)).policy();
    await policy.free();
    await start.free();
  },

  /** Parameters sharded across the workers. */
  async shard() {
    const start = await loadModel("data/world/sft");
    const local = await align(start, pairs, { ...options, epochs: 1, folder: folder("local-shard") });
    const remote = await align(start, pairs, {
      ...options,
      epochs: 1,
      folder: folder("remote-shard"),
      on: there({ workers: 2, shard: true }),
    });
    near(steps(remote), steps(local), reported, "steps of two workers that share the parameters");
    await start.free();
  },

  /** Full storage is reported as such, and the run continues once there is room. */
  async full() {
    const small = join(work, "small");
    mkdirSync(small);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=9m", "tmpfs", small], { stdio: "pipe" });
    } catch (error) {
      console.log(`  skipped: mounting a file system needs root on Linux (${error.stderr})`);
      return;
    }
    try {
      const start = await loadModel("data/world/sft");
      const both = () => ({ ...options, epochs: 1, folder: folder("full"), on: there({ storage: small }) });
      await assert.rejects(align(start, pairs, both()), (error) => {
        console.log(
          `  ${error.message
            .split("\n")
            .filter((line) => /space|failed/.test(line))
            .slice(-2)
            .join("\n  ")}`,
        );
        return /No space left|ENOSPC/.test(error.message);
      });
      execFileSync("mount", ["-o", "remount,size=200m", small]);
      assert.equal(steps(await align(start, pairs, both())).length, 3);
      await start.free();
    } finally {
      execFileSync("umount", ["-l", small]);
    }
  },

  /** An interrupted run cancels its job, and continues from the job's last checkpoint. */
  async cancel() {
    const start = await loadModel("data/world/sft");
    const both = { ...options, batchSize: 4, epochs: 10, folder: folder("cancel"), on: there() };
    const abort = new AbortController();
    await assert.rejects(
      align(start, pairs, {
        ...both,
        signal: abort.signal,
        onStep: ({ step }) => step === 40 && abort.abort(new Error("enough")),
      }),
      /enough/,
    );
    const job = (await listed()).find(
      ({ submission_id: id, status }) => id.startsWith("sera-train") && status === "STOPPED",
    );
    assert.ok(job, "the job was stopped");
    const run = await align(start, pairs, both);
    assert.deepEqual(
      steps(run).map(({ step }) => step),
      Array.from({ length: 120 }, (_, i) => i + 1),
    );
    near(
      steps(run).slice(0, 8),
      steps(await align(start, pairs, { ...both, folder: folder("cancel-local"), on: undefined })).slice(0, 8),
      reported,
      "first steps of a run that was cancelled",
    );
    await start.free();
  },

  /** Ray restarts a killed worker, which continues from its last checkpoint. */
  async worker() {
    const start = await loadModel("data/world/sft");
    let killed = 0;
    const onStep = ({ step }) => {
      if (step < 40 || killed > 0) return;
      for (const pid of processes(/^ray::\S*TrainWorker/)) process.kill(pid, "SIGKILL"), killed++;
    };
    const run = await align(start, pairs, {
      ...options,
      batchSize: 4,
      epochs: 10,
      seed: 5,
      folder: folder("worker"),
      on: there(),
      onStep,
    });
    assert.ok(killed > 0);
    assert.deepEqual(
      steps(run).map(({ step }) => step),
      Array.from({ length: 120 }, (_, i) => i + 1),
    );
    console.log(`  ${killed} worker killed; all 120 steps are there`);
    await start.free();
  },

  /** The loss of the head is reported as such; with a new head, the run continues. */
  async head() {
    const start = await loadModel("data/world/sft");
    const both = () => ({ ...options, batchSize: 4, epochs: 10, seed: 7, folder: folder("head"), on: there() });
    const stopping = ({ step }) => step === 40 && kill(head.process);
    await assert.rejects(align(start, pairs, { ...both(), onStep: stopping }), (error) => {
      console.log(`  ${error.message.split("\n")[0]}`);
      return /no job server of Ray answers|was stopped|failed/.test(error.message);
    });
    await setTimeout(5000);
    head = await startHead();
    const run = await align(start, pairs, both());
    assert.deepEqual(
      steps(run).map(({ step }) => step),
      Array.from({ length: 120 }, (_, i) => i + 1),
    );
    await start.free();
  },
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
for (const name of wanted) {
  const begin = performance.now();
  console.log(name);
  await parts[name]();
  console.log(`  in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}
process.exit(0);

/** Starts a head with two CPUs, on free ports. */
async function startHead() {
  const [port, dashboard] = await freePorts(2);
  const args = [
    "start",
    "--head",
    "--block",
    "--num-cpus",
    "2",
    "--port",
    `${port}`,
    "--dashboard-port",
    `${dashboard}`,
    "--disable-usage-stats",
    "--object-store-memory",
    "200000000",
  ];
  const child = spawn(join(dirname(python), "ray"), args, { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (text) => (said = (said + text).slice(-4000)));
  started.push(child);
  const address = `ray://127.0.0.1:${dashboard}`;
  for (let i = 0; i < 120; i++) {
    const found = await fetch(`${address.replace("ray", "http")}/api/version`).catch(() => undefined);
    if (found?.ok && (await fetch(`${address.replace("ray", "http")}/api/jobs/`).catch(() => undefined))?.ok)
      return { process: child, address };
    await setTimeout(500);
  }
  throw new Error(`Ray's head did not start within a minute; it said:\n${said}`);
}

async function listed() {
  return (await fetch(`${head.address.replace("ray", "http")}/api/jobs/`)).json();
}

/** Ids of the processes in the session of this script's head whose command matches. */
function processes(pattern, leader = head.process.pid) {
  const read = (pid, file) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "latin1");
    } catch {
      // It has ended.
      return "";
    }
  };
  const session = (pid) =>
    Number(
      read(pid, "stat")
        .replace(/^.*\) /, "")
        .split(" ")[3],
    );
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => session(pid) === leader && pattern.test(read(pid, "cmdline"))).map(Number);
}

/** Kills a head and everything that it has started, as if its machine were lost. */
function kill({ pid: leader }) {
  for (const pid of processes(/./, leader)) process.kill(pid, "SIGKILL");
}
