// The virtual environments of JupyterLab: `.venv-lab` of `npm run lab`, and `.venv-test` of the checks. Each is created once, and
// updated when its requirements change.
//     node scripts/lab-environment.mjs <folder> <requirements>     makes one beforehand
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../dist/src/base/errors.js";
import { pythons } from "../dist/src/kernel/install/python.js";

/** The oldest Python that the pinned JupyterLab runs on. */
const oldest = [3, 10];

/**
 * @param folder the environment's folder
 * @param requirements a requirements file for pip
 * @returns the environment's Python, with everything installed
 */
export async function labEnvironment(folder, requirements) {
  const python = join(folder, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
  // Written last, so that an interrupted installation is repeated.
  const stamp = join(folder, "installed.txt");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted && succeeds(python, "--version")) return python;
  if (!succeeds(python, "-m", "pip", "--version")) await make(folder, python);
  await install(python, requirements);
  // JupyterLab's own scripts are CommonJS; this project's package.json would make them ES modules.
  writeFileSync(join(folder, "package.json"), "{}\n");
  writeFileSync(stamp, wanted);
  return python;
}

/** Creates an environment that includes pip, with the first tool that can. */
async function make(folder, python) {
  const found = await pythons();
  const fit = found.find(({ version: [major, minor] }) => major === oldest[0] && minor >= oldest[1]);
  const by = fit ? fit.command : `python${oldest.join(".")}`;
  const tools = [
    ...(fit
      ? [
          [fit.command, "-m", "venv", folder],
          [fit.command, "-m", "virtualenv", folder],
        ]
      : []),
    ["virtualenv", "--python", by, folder],
    ["uv", "venv", "--seed", "--python", fit ? fit.command : `>=${oldest.join(".")}`, folder],
  ];
  for (const [command, ...args] of tools) {
    // Debian's venv without ensurepip leaves an incomplete environment behind.
    rmSync(folder, { recursive: true, force: true });
    if (succeeds(command, ...args) && succeeds(python, "-m", "pip", "--version")) {
      console.log(
        `made ${folder} (${[command, ...args].slice(0, 3).join(" ")}${fit ? `, Python ${fit.version.join(".")}` : ""})`,
      );
      return;
    }
  }
  rmSync(folder, { recursive: true, force: true });
  const versions = found.map(({ command, version }) => `${command} ${version.join(".")}`).join(", ");
  throw new InputError(
    fit
      ? `found Python ${fit.version.join(".")} (${fit.command}) that cannot make a virtual environment, expected its modules venv and ` +
          `ensurepip, or virtualenv or uv; on Debian and Ubuntu: sudo apt install python3-venv`
      : `found ${versions || "no Python on the PATH"}, expected Python ${oldest.join(".")} or newer (python.org, your system's packages, ` +
          `or uv), for JupyterLab`,
  );
}

/** Installs with pip; on a terminal, one line shows the progress. */
async function install(python, requirements) {
  console.log("installing from PyPI (once; about a minute)");
  const pip = spawn(
    python,
    [
      "-m",
      "pip",
      "install",
      "--disable-pip-version-check",
      "--progress-bar",
      "off",
      "--retries",
      "2",
      "--requirement",
      requirements,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const { stdout: screen } = process;
  const show = (text) => screen.isTTY && screen.write(`\r\x1b[K${text.slice(0, (screen.columns ?? 80) - 1)}`);
  pip.stdout.setEncoding("utf8").on("data", (text) => show(text.trimEnd().split("\n").at(-1).trim()));
  const code = await new Promise((resolve) => pip.on("close", resolve));
  show("");
  if (code !== 0) {
    throw new InputError(
      "found no way to install JupyterLab (pip says why above), expected to reach PyPI or the index in PIP_INDEX_URL; " +
        "run this again when it can be reached",
    );
  }
}

function succeeds(command, ...args) {
  return spawnSync(command, args, { stdio: "ignore", windowsHide: true }).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, requirements] = process.argv.slice(2);
  await labEnvironment(resolve(folder), requirements);
}
