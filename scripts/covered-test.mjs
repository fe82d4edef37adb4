// Runs the tests as scripts/test.mjs does and reports how much of the built library they execute, in all processes that they
// start. Fails if a test fails or coverage is below the floor.
//     SERA_COVERAGE=1 npm test
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Percentage of lines and of blocks (the branches that V8 distinguishes) that the whole suite must execute. */
const floor = { lines: 95, blocks: 82 };

const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "sera-coverage-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const root = pathToFileURL(resolve("dist/src")).href;
const files = new Map(
  readdirSync("dist/src", { recursive: true })
    .filter((name) => /\.c?js$/.test(name))
    .map((name) => {
      const text = readFileSync(join("dist/src", name), "utf8");
      const file = { name, text, executed: new Uint8Array(text.length), blocks: new Map() };
      return [`${root}/${name.replaceAll("\\", "/")}`, file];
    }),
);

const tests = spawn(process.execPath, ["scripts/test.mjs", ...wanted], {
  stdio: "inherit",
  env: { ...process.env, NODE_V8_COVERAGE: folder },
});
// Reports are read as they arrive, because thousands of processes leave gigabytes.
const reading = setInterval(readReports, 5000);
tests.on("close", (code) => {
  clearInterval(reading);
  readReports();
  const enough = isEnough();
  process.exit(code === 0 && enough ? 0 : 1);
});

/** Adds the reports that processes have left, and removes them. */
function readReports() {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    let report;
    try {
      report = JSON.parse(readFileSync(path, "utf8"));
    } catch (error) {
      // The report is incomplete: its process is still writing, or was killed.
      if (error instanceof SyntaxError) continue;
      throw error;
    }
    for (const { url, functions } of report.result) {
      const file = files.get(url);
      if (file) add(file, functions);
    }
    rmSync(path);
  }
}

/** Marks what one process has executed of a file. Inner functions and blocks come after the enclosing ones. */
function add({ executed, blocks }, functions) {
  const counts = new Uint8Array(executed.length);
  for (const { ranges } of functions) {
    for (const [i, { startOffset, endOffset, count }] of ranges.entries()) {
      counts.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      if (i > 0) {
        const block = `${startOffset}-${endOffset}`;
        blocks.set(block, (blocks.get(block) ?? false) || count > 0);
      }
    }
  }
  for (let i = 0; i < counts.length; i++) executed[i] |= counts[i];
}

function isEnough() {
  const all = { lines: 0, coveredLines: 0, blocks: 0, coveredBlocks: 0 };
  const rows = [...files.values()].map((file) => {
    const { lines, covered } = linesOf(file);
    all.lines += lines;
    all.coveredLines += covered;
    all.blocks += file.blocks.size;
    all.coveredBlocks += [...file.blocks.values()].filter(Boolean).length;
    return { name: file.name, open: lines - covered, lines };
  });
  const share = { lines: (100 * all.coveredLines) / all.lines, blocks: (100 * all.coveredBlocks) / all.blocks };
  console.log(`covered: ${share.lines.toFixed(1)} % of ${all.lines} lines, ${share.blocks.toFixed(1)} % of blocks`);
  const least = rows.sort((a, b) => b.open - a.open).slice(0, 10);
  console.log(`most lines left: ${least.map(({ name, open, lines }) => `${name} ${open}/${lines}`).join(", ")}`);
  if (wanted.length > 0) return true;
  const below = Object.keys(floor).filter((kind) => share[kind] < floor[kind]);
  for (const kind of below) console.error(`coverage of ${kind} is below its floor of ${floor[kind]} %`);
  return below.length === 0;
}

/** Number of lines with code, and of those that were at least partly executed. */
function linesOf({ text, executed }) {
  let [lines, covered, start] = [0, 0, 0];
  for (const line of text.split("\n")) {
    if (/\w/.test(line) && !/^\s*(?:\/\/|\/?\*)/.test(line)) {
      lines++;
      const from = start + line.search(/\S/);
      if (executed.subarray(from, start + line.length).includes(1)) covered++;
    }
    start += line.length + 1;
  }
  return { lines, covered };
}
