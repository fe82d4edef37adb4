import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const applications = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/**
 * Returns the path of a Chromium: `CHROME_PATH`, one on the PATH, or one in its installer's place.
 * On Debian, as root, installs one if there is none.
 *
 * @returns undefined if there is none and none can be installed
 */
export function chromium(): string | undefined {
  return found() ?? (installed() ? found() : undefined);
}

function found(): string | undefined {
  const { CHROME_PATH, PATH = "" } = process.env;
  const onPath = names.flatMap((name) => PATH.split(delimiter).map((folder) => join(folder, name)));
  return [...(CHROME_PATH ? [CHROME_PATH] : []), ...onPath, ...applications].find(existsSync);
}

function installed(): boolean {
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0) return false;
  console.log("no Chromium here; apt-get install -y chromium");
  const run = (...args: string[]) => spawnSync("apt-get", args, { stdio: "ignore" }).status === 0;
  return run("update") && run("install", "-y", "chromium");
}
