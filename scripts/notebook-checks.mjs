// Tests the kernel from outside: with Jupyter's own kernel tests, its headless runners, and every notebook at smoke scale.
// Needs a build. All Python packages go into .venv-test.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { dataFolderOf } from "../dist/src/kernel/install/folders.js";
import { installSpec } from "../dist/src/kernel/install/spec.js";
import { labEnvironment } from "./lab-environment.mjs";

const environment = resolve(".venv-test");
const python = await labEnvironment(environment, "scripts/requirements-test.txt");
await installSpec(dataFolderOf(environment));
// The user's own Jupyter settings must not affect the check.
const env = { ...process.env, JUPYTER_PREFER_ENV_PATH: "1", SERA_SCALE: "smoke" };

await check("jupyter_kernel_test and jupyter_client", [python, "scripts/kernel_test.py"]);
await check("nbclient and papermill", [python, "scripts/notebooks_test.py"]);

const folder = mkdtempSync(join(tmpdir(), "sera-notebooks-"));
const names = readdirSync("notebooks").filter((file) => file.endsWith(".ipynb"));
// Two at a time, since most of the time goes to single-threaded work: starting the kernel, and type checks.
await Promise.all([nextNotebooks(), nextNotebooks()]);
rmSync(folder, { recursive: true });

async function nextNotebooks() {
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    // In a folder without our package, like a user's notebook.
    const own = join(folder, name.replace(/\.ipynb$/, ""));
    mkdirSync(own);
    cpSync(join("notebooks", name), join(own, name));
    await check(`${name} at smoke scale`, [join(dirname(python), "jupyter"), "execute", "--timeout=600", name], own);
  }
}

async function check(what, [command, ...args], cwd = ".") {
  const begin = performance.now();
  const child = spawn(command, args, { cwd, env, stdio: "inherit" });
  const [status] = await once(child, "exit");
  if (status !== 0) {
    console.error(`✗ ${what}`);
    process.exit(1);
  }
  console.log(`✓ ${what}, ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}
