// The virtual environment of the cluster's workers, .venv-ray: torch, Ray, TRL and cluster/ itself.
//     node scripts/cluster-environment.mjs     makes it beforehand
// Takes minutes and gigabytes the first time, at most SERA_RAY_INSTALL_SECONDS (default 1200).
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Returns the environment's Python; undefined if it cannot be made, after saying why. */
export function clusterEnvironment() {
  const python = resolve(".venv-ray/bin/python");
  const limits = { stdio: "inherit", timeout: 1000 * Number(process.env.SERA_RAY_INSTALL_SECONDS ?? 1200) };
  try {
    if (!existsSync(python)) execFileSync("python3", ["-m", "venv", ".venv-ray"], limits);
    // Python compiles what it imports; compiling all of torch first would take a minute.
    execFileSync(python, ["-m", "pip", "install", "--quiet", "--no-compile", "./cluster"], limits);
    return python;
  } catch (error) {
    console.log(`the environment of the cluster cannot be made: ${error.message.split("\n")[0]}`);
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) clusterEnvironment();
