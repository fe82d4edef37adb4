// Checks a machine with a GPU, after a build: which providers run, the WebGPU tests on its device, and the times of a training
// step and of decoding on each provider that runs, side by side. Takes a few minutes.
//   node scripts/gpu-check.mjs [sizes of bench/sizes.json, default S M]
import { spawnSync } from "node:child_process";
import { providers } from "../dist/src/engine/onnx/providers.js";
import { tryEngine } from "../dist/src/engine/trial.js";

const sizes = process.argv.length > 2 ? process.argv.slice(2) : ["S", "M"];
const node = (...args) => spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 1 << 26 });

const running = [];
for (const provider of providers) {
  const trial = await tryEngine({ provider });
  console.log(provider, trial);
  if ("gflops" in trial) running.push(provider);
}

if (running.includes("webgpu")) {
  const { status, stdout } = node("scripts/test.mjs", "engine/onnx/webgpu.test");
  console.log(
    stdout
      .split("\n")
      .filter((line) => /^\s*not ok|^\s*error:|^# (pass|fail|skipped|duration)/.test(line))
      .join("\n"),
  );
  process.exitCode = status;
}

for (const size of sizes) {
  for (const work of ["step", "score", "decode-1", "decode-64"]) {
    const times = running.map((provider) => {
      const { status, stdout, stderr } = node("dist/bench/measure.js", size, work, provider);
      if (status !== 0) return `${provider} failed: ${stderr.trim().split("\n").at(-1)}`;
      const { milliseconds, tokens } = JSON.parse(stdout.trimEnd().split("\n").at(-1));
      return `${provider} ${milliseconds.toFixed(1)} ms, ${((1000 * tokens) / milliseconds).toFixed(0)} tokens/s`;
    });
    console.log(`${size} ${work}: ${times.join("; ")}`);
  }
}
