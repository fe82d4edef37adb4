// Packs the library from a clean copy of the working tree, as npm would for the registry, and runs each of examples/ in an empty
// folder with that package installed, as a user would.
//     node scripts/examples-test.mjs
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "sera-examples-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let failed = 0;
function check(what, holds, detail = "") {
  console.log(`${holds ? "ok" : "FAILED"}: ${what}${holds ? "" : `\n${detail}`}`);
  if (!holds) failed++;
}

/** Runs a program without blocking this one, which may be its server. */
async function run(command, args, cwd, env = { HF_HUB_OFFLINE: "1" }) {
  const shell = process.platform === "win32";
  const child = spawn(command, args, {
    cwd,
    shell,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => output.push(text));
  const [status] = await once(child, "close");
  return { isGood: status === 0, output: output.join("") };
}

/** Copies the tracked and trackable files, without build outputs; dependencies are linked. */
function cleanCopy() {
  const copy = join(folder, "clone");
  const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
    .split("\n")
    .filter(Boolean);
  for (const file of files) {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(file, join(copy, file));
  }
  symlinkSync(resolve("node_modules"), join(copy, "node_modules"), "dir");
  // Older than the installed packages, so that nothing is installed again.
  utimesSync(join(copy, "package-lock.json"), 0, 0);
  return copy;
}

const packed = await run("npm", ["pack", "--silent", "--pack-destination", folder], cleanCopy());
const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
check("npm pack from a clean copy", packed.isGood && tarball !== undefined, packed.output);
if (tarball === undefined) process.exit(1);

/** Installs an example with the packed library in its own folder. */
async function install(name, ...options) {
  const place = join(folder, name);
  cpSync(join("examples", name), place, { recursive: true });
  const { isGood, output } = await run(
    "npm",
    [
      "install",
      "--silent",
      "--ignore-scripts",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      ...options,
      join(folder, tarball),
    ],
    place,
  );
  check(`${name}: npm install ${options.join(" ")}`, isGood, output);
  return place;
}

async function expectRun(what, started, ...patterns) {
  const result = await started;
  const missing = patterns.filter((pattern) => !pattern.test(result.output));
  check(what, result.isGood && missing.length === 0, `${missing.join(" ")} not in\n${result.output}`);
}

const script = await install("script", "--omit=optional");
const megabytes = Math.round(sizeOf(join(script, "node_modules")) / 1e6);
check(
  `script: ${megabytes} MB installed, of which ${Math.round(sizeOf(join(script, "node_modules/onnxruntime-node")) / 1e6)} are ONNX Runtime`,
  megabytes < 460,
);
await expectRun("script: npm start", run("npm", ["start", "--silent"], script), /DPO/, /SeRA/, /margins\.svg/);
check("script: the plot is a file", /^<svg/.test(readFileSync(join(script, "margins.svg"), "utf8")));
check(
  "script: TensorBoard's files",
  readdirSync(join(script, "logs"), { recursive: true }).filter((name) => name.includes("tfevents")).length === 2,
);
const judged = [
  "--input-type=module",
  "-e",
  'import { llmJudge } from "sera-lab"; await llmJudge("openai:x").catch((error) => console.log(error.message))',
];
process.env.OPENAI_API_KEY = "none";
await expectRun(
  "script: a judge's SDK that is not installed",
  run("node", judged, script),
  /openai is not installed, through which this model is asked: npm install openai/,
);
const traced = [
  "--enable-source-maps",
  "--input-type=module",
  "-e",
  'import { loadPreferences } from "sera-lab"; await loadPreferences("none.jsonl").catch((error) => console.log(error.stack))',
];
await expectRun(
  "script: errors tell lines of the TypeScript source",
  run("node", traced, script),
  /sera-lab[\\/]src[\\/]data[\\/][\w-]+\.ts:\d+/,
);

const own = await install("own-method", "--omit=optional");
await expectRun("own-method: npm test", run("npm", ["test", "--silent"], own), /pass 2/);
await expectRun("own-method: npm start", run("npm", ["start", "--silent"], own), /hardest first/);

const data = await install("own-data", "--omit=optional");
const { HubServer, goodToken } = await import("../dist/test/support/hub-server.js");
const ends = [];
const hub = await HubServer.start({ after: (end) => ends.push(end) }, {});
await expectRun(
  "own-data: npm start, and the model on a hub",
  run("npm", ["start", "--silent", "--", "me/polite"], data, { HF_ENDPOINT: hub.endpoint, HF_TOKEN: goodToken }),
  /Say hello to Ben/,
  /\/me\/polite/,
);
check("own-data: the plot is a file", /^<svg/.test(readFileSync(join(data, "loss.svg"), "utf8")));
const read =
  'import { loadModel } from "sera-lab"; console.log((await loadModel("me/polite")).config.architecture); process.exit()';
await expectRun(
  "own-data: the hub's model loads",
  run("node", ["--input-type=module", "-e", read], data, {
    HF_ENDPOINT: hub.endpoint,
    HF_TOKEN: goodToken,
    HF_HOME: join(folder, "hf"),
  }),
  /llama/,
);
for (const end of ends) await end();

const notebook = await install("notebook");
await expectRun(
  "notebook: the kernel is installed",
  run("npx", ["--no-install", "sera", "kernel", "install", "--prefix", join(folder, "prefix")], notebook),
  /sera/,
);
const { startKernel } = await import("../dist/test/support/jupyter-client.js");
const kernel = await startKernel({
  cwd: notebook,
  program: join(notebook, "node_modules/sera-lab/dist/src/kernel/main.js"),
});
try {
  const cells = JSON.parse(readFileSync(join(notebook, "alignment.ipynb"), "utf8")).cells.filter(
    ({ cell_type }) => cell_type === "code",
  );
  for (const [i, { source }] of cells.entries()) {
    const answer = await kernel.execute(source.join(""));
    check(
      `notebook: cell ${i + 1}`,
      answer.reply.content.status === "ok" && answer.outputs.length > 0,
      answer.error?.traceback?.join("\n"),
    );
  }
} finally {
  await kernel.stop();
}
process.exit(failed > 0 ? 1 : 0);

function sizeOf(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}
