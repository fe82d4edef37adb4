// Installs the dependencies if they are missing or older than the lock file, so that one command is enough. None of them needs
// its install script.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";

const age = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (age("node_modules/.package-lock.json") < age("package-lock.json")) {
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status } = spawnSync(npm, ["ci", "--ignore-scripts"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
}
