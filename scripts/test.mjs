// Runs node's test runner on every built test, or on those whose path contains one of the arguments. With SERA_COVERAGE=1 it also
// reports how much of the library they execute, and fails below a floor; see covered-test.mjs.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

const wanted = process.argv.slice(2);
const { SERA_COVERAGE, ...env } = process.env;
if (SERA_COVERAGE === "1") {
  const { status } = spawnSync(process.execPath, ["scripts/covered-test.mjs", ...wanted], { stdio: "inherit", env });
  process.exit(status ?? 1);
}
// What an older source was built to stays in dist, and is left alone.
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
// Two at a time halve the minutes on two cores; more would crowd those that watch how long something takes. The report of every
// test is long; this one repeats at its end what failed.
const flags = ["--enable-source-maps", "--test", "--test-concurrency=2", "--test-reporter=spec"];
process.exit(spawnSync(process.execPath, [...flags, ...files], { stdio: "inherit" }).status ?? 1);
