// Runs the kernel from outside: Jupyter's own tests of a kernel, its headless runners, and every notebook at smoke scale.
// Needs a build. All Python packages go into .venv-test.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { dataFolderOf } from "../dist/src/kernel/install/folders.js";
import { installSpec } from "../dist/src/kernel/install/spec.js";
import { labEnvironment } from "./lab-environment.mjs";

const environment = resolve(".venv-test");
const python = await labEnvironment(environment, "scripts/requirements-test.txt");
await installSpec(dataFolderOf(environment));
// A person's own Jupyter settings are no part of the check.
const env = { ...process.env, JUPYTER_PREFER_ENV_PATH: "1", SERA_SCALE: "smoke" };

check("jupyter_kernel_test and jupyter_client", [python, "scripts/kernel_test.py"]);
check("nbclient and papermill", [python, "scripts/notebooks_test.py"]);

const folder = mkdtempSync(join(tmpdir(), "sera-notebooks-"));
for (const name of readdirSync("notebooks").filter((file) => file.endsWith(".ipynb"))) {
  // Beside no package of ours, as a user's notebook lies.
  cpSync(join("notebooks", name), join(folder, name));
  check(`${name} at smoke scale`, [join(dirname(python), "jupyter"), "execute", "--timeout=600", name], folder);
}
rmSync(folder, { recursive: true });

function check(what, [command, ...args], cwd = ".") {
  const begin = performance.now();
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) {
    console.error(`✗ ${what}`);
    process.exit(1);
  }
  console.log(`✓ ${what}, ${((performance.now() - begin) / 1000).toFixed(0)} s`);
}
