import { Command, InvalidArgumentError, Option } from "commander";
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { writeJson } from "../src/base/files.js";
import { providerChoices } from "../src/engine/onnx/providers.js";
import { parameterCount } from "../src/model/parameters/parameters.js";
import { runForJson } from "./child.js";
import { benchEngines, enginesTable, type EngineComparison } from "./engines.js";
import { kernelTable } from "./kernel.js";
import { measures } from "./measures.js";
import { findPython, measurePyTorch, pyTorchMissing } from "./pytorch.js";
import type { Comparison, MatmulRates } from "./result.js";
import { benchSizes } from "./sizes.js";
import { comparisonTable } from "./table.js";

/*
 * Compares ONNX Runtime with PyTorch, if a Python with torch is available, or some of our engines with each
 * other: each measure runs in its own process, and the sides alternate.
 */

/** Floating-point operations per parameter and token: 2 forward, 4 backward. Decoding is bound by memory. */
const operations: Readonly<Record<string, number>> = { forward: 2, score: 2, "forward-backward": 6, step: 6 };

const sizes = benchSizes();
const works = Object.keys(measures).filter((what) => what !== "matmul");

const { only, what, provider, engines, json } = new Command("bench")
  .description(
    "Measures training, scoring and decoding, beside PyTorch where .venv (scripts/make-venv.sh) or $PYTHON has it.",
  )
  .addOption(new Option("--only <size>", "one size of bench/sizes.json").choices([...sizes.keys()]))
  .option(
    "--what <works>",
    `some of ${works.join(",")}; memory: whether it stays flat over loads and reviews; or kernel, beside ipykernel where $PYTHON has it`,
    oneOrMore([...works, "memory", "kernel"]),
    works,
  )
  .addOption(new Option("--provider <name>", "where ours runs").choices(providerChoices).default("cpu"))
  .option(
    "--engines <names>",
    `instead of PyTorch, some of ${benchEngines.join(",")} beside each other`,
    oneOrMore(benchEngines),
  )
  .option("--json <file>", "write all numbers to this file")
  .parse()
  .opts<{ only?: string; what: string[]; provider: string; engines?: string[]; json?: string }>();

function oneOrMore(names: readonly string[]): (list: string) => string[] {
  return (list) => {
    const wanted = list.split(",");
    const unknown = wanted.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new InvalidArgumentError(`found "${unknown}", expected some of ${names.join(",")}`);
    return wanted;
  };
}

if (what.includes("memory")) {
  const program = fileURLToPath(new URL("./memory.js", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, ["--expose-gc", program, provider], {
    stdio: ["ignore", "inherit", "pipe"],
    encoding: "utf8",
  });
  // The progress of its runs matters only if they fail.
  if (status !== 0) process.stderr.write(stderr);
  process.exit(status ?? 1);
}

const measureOurs = (size: string, work: string, engine = `onnx-${provider}`) =>
  runForJson(process.execPath, [fileURLToPath(new URL("./measure.js", import.meta.url)), size, work, engine]);
const chosenSizes = only === undefined ? [...sizes.keys()] : [only];

const machine = `${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} logical cores, Node ${process.version}`;
console.log(`${machine}\n`);
if (what.includes("kernel")) {
  console.log(await kernelTable(process.env.PYTHON));
  process.exit(0);
}
const numbers = await (engines === undefined ? compareWithPyTorch() : compareEngines(engines));
if (json !== undefined) await writeJson(json, { machine, ...numbers });

async function compareEngines(names: readonly string[]): Promise<{ comparisons: readonly EngineComparison[] }> {
  const comparisons: EngineComparison[] = [];
  for (const size of chosenSizes) {
    for (const work of what) {
      const results: Record<string, Comparison["ours"]> = {};
      for (const name of names) {
        const result = (results[name] = (await measureOurs(size, work, name)) as Comparison["ours"]);
        console.log(`  ${size}, ${work}, ${name}: ${result.milliseconds.toFixed(0)} ms`);
      }
      comparisons.push({ size, what: work, results });
    }
  }
  console.log(`\n${enginesTable(comparisons, names)}`);
  return { comparisons };
}

async function compareWithPyTorch() {
  const python = await findPython();
  if (python === undefined)
    console.log(`${pyTorchMissing}
`);
  const rates: Record<string, MatmulRates> = {};
  const comparisons: Comparison[] = [];
  for (const size of chosenSizes) {
    const { about, config } = sizes.get(size)!;
    const rate = (rates[size] = (await measureOurs(size, "matmul")) as MatmulRates);
    console.log(
      `${size}: ${about}; matmul ${rate.square.toFixed(0)} GFLOPS at 1024³, ${rate.feedForward.toFixed(0)} in the feed-forward`,
    );
    for (const work of what) {
      const ours = (await measureOurs(size, work)) as Comparison["ours"];
      const pyTorch = python === undefined ? undefined : await measurePyTorch(python, size, work);
      const floorMilliseconds =
        work in operations
          ? (operations[work]! * parameterCount(config) * ours.tokens) / (1e6 * Math.max(rate.square, rate.feedForward))
          : undefined;
      comparisons.push({ size, what: work, ours, pyTorch, floorMilliseconds });
      const beside = pyTorch === undefined ? "" : `, PyTorch ${pyTorch.plain.milliseconds.toFixed(0)} ms`;
      console.log(`  ${work}: ${ours.milliseconds.toFixed(0)} ms${beside}`);
    }
  }
  console.log(`\n${comparisonTable(comparisons)}`);
  return { rates, comparisons };
}
