// Builds the docs site (the API reference and the guides of docs/) in site/. Why it is a separate package: see its package.json.
//     npm run docs [folder]
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = resolve(process.argv[2] ?? "site");
const run = (command, args, options) => {
  const { status } = spawnSync(command, args, { stdio: "inherit", ...options });
  if (status !== 0) process.exit(status ?? 1);
};
if (!existsSync(`${here}node_modules/typedoc`))
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: here, shell: process.platform === "win32" });
run(process.execPath, [
  `${here}node_modules/typedoc/bin/typedoc`,
  "--options",
  `${here}typedoc.json`,
  "--out",
  out,
  "--logLevel",
  "Warn",
]);
console.log(`open ${resolve(out, "index.html")}`);
