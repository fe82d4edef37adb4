// Opens JupyterLab on notebooks/ with the kernel installed. Arguments are passed on to JupyterLab:
//   npm run lab -- --no-browser --port 8889
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../dist/src/base/errors.js";
import { dataFolderOf } from "../dist/src/kernel/install/folders.js";
import { installSpec } from "../dist/src/kernel/install/spec.js";
import { labEnvironment } from "./lab-environment.mjs";

const environment = resolve(".venv-lab");
const notebooks = resolve("notebooks");

try {
  const python = await labEnvironment(environment, "scripts/requirements-lab.txt");
  // Installed at every start, because Node or this folder may have moved.
  const { displayName, folder } = await installSpec(dataFolderOf(environment));
  console.log(`kernel "${displayName}" in ${folder}`);
  mkdirSync(notebooks, { recursive: true });
  process.exitCode = await open(python);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`lab: ${error.message}`);
  process.exitCode = 1;
}

/** Runs JupyterLab until it exits. */
function open(python) {
  const lab = spawn(python, ["-m", "jupyterlab", `--ServerApp.root_dir=${notebooks}`, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // Ctrl-C reaches JupyterLab directly, which then asks for confirmation; other signals have to be passed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => lab.kill(signal));
  return new Promise((resolve, reject) => {
    lab.on("error", reject);
    lab.on("close", (code, signal) => resolve(signal ? 1 : code));
  });
}
