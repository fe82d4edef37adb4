// Runs node's test runner on all built tests, or on those whose paths contain one of the arguments. With SERA_COVERAGE=1 it also
// reports how much of the library they execute, and fails below a floor; see covered-test.mjs.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

const wanted = process.argv.slice(2);
const { SERA_COVERAGE, ...env } = process.env;
if (SERA_COVERAGE === "1") {
  const { status } = spawnSync(process.execPath, ["scripts/covered-test.mjs", ...wanted], { stdio: "inherit", env });
  process.exit(status ?? 1);
}
// Files built from sources that no longer exist stay in dist, and are skipped.
const hasSource = (name) => existsSync(name.replace(/^dist\//, "").replace(/\.js$/, ".ts"));
const files = readdirSync("dist/test", { recursive: true })
  .map((name) => `dist/test/${name.replaceAll("\\", "/")}`)
  .filter((name) => name.endsWith(".test.js") && hasSource(name))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`no test matches ${wanted.join(" ")}`);
  process.exit(1);
}
// Running two at a time halves the time on two cores; more would disturb tests that measure how long something takes. The full
// report is long; this reporter repeats the failures at its end.
const flags = ["--enable-source-maps", "--test", "--test-concurrency=2", "--test-reporter=spec"];
process.exit(spawnSync(process.execPath, [...flags, ...files], { stdio: "inherit" }).status ?? 1);
