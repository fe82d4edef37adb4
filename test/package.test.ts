import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import * as optionsRoom from "../src/run/options/index.js";

interface PackageFile {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string } | string>>;
  readonly files: readonly string[];
}

const packageFile = JSON.parse(readFileSync("package.json", "utf8")) as PackageFile;
/** A value and a type that each entry exports. */
const entries: Readonly<Record<string, readonly [value: string, type: string]>> = {
  "sera-lab": ["sera", "Judge"],
  "sera-lab/data": ["tokenizePairs", "TokenizedPair"],
  "sera-lab/engine": ["createEngine", "Engine"],
  "sera-lab/graph": ["matmul", "Tensor"],
  "sera-lab/judge": ["winRateOf", "Verdict"],
  "sera-lab/model": ["Policy", "Tokenizer"],
  "sera-lab/run": ["Trainer", "PreferenceLoss"],
  "sera-lab/stats": ["crossedInterval", "CrossedInterval"],
};

/** Every name that notebooks import from the package's main entry. A new one is a deliberate decision; add it here. */
const topNames = [
  "DivergenceError",
  "Guidance",
  "InputError",
  "Judge",
  "Judgement",
  "LoadModelOptions",
  "Method",
  "ModelServer",
  "ModelServerSettings",
  "PairJudgement",
  "PreferenceLoss",
  "PreferencePair",
  "Random",
  "RaySettings",
  "Recipe",
  "RespondOptions",
  "ReviewedRow",
  "Run",
  "RunOptions",
  "Tracker",
  "align",
  "atGoal",
  "bridge",
  "cell",
  "claimRow",
  "compare",
  "comparison",
  "defineMethod",
  "display",
  "flipLabels",
  "flippedShares",
  "fromDanfo",
  "frontierRows",
  "goalConditioned",
  "goldJudge",
  "implicitScores",
  "instructionPairs",
  "instructions",
  "judgeAgreement",
  "klFrom",
  "linearAlignment",
  "liveDisplay",
  "llmEditor",
  "llmJudge",
  "loadDemonstrations",
  "loadModel",
  "loadPreferences",
  "loadPrompts",
  "loadResponses",
  "losses",
  "marginAgreement",
  "meanGrade",
  "methods",
  "mlflow",
  "modelServer",
  "pairResponses",
  "plot",
  "ray",
  "respond",
  "review",
  "sera",
  "sft",
  "showPair",
  "showPairs",
  "showResponses",
  "showTable",
  "splitPairs",
  "streamResponse",
  "summarize",
  "tensorBoard",
  "toDanfo",
  "train",
  "wandb",
  "winRate",
  "world",
  "worldEditor",
];

describe("the package", () => {
  const folder = mkdtempSync(join(tmpdir(), "sera-test-"));
  before(() => {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(resolve("."), join(folder, "node_modules/sera-lab"), "dir");
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (args: readonly string[]) => {
    try {
      return execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    } catch (error) {
      return assert.fail((error as { stdout: string }).stdout);
    }
  };

  it("has an entry for each part and packs its files", () => {
    const names = Object.keys(packageFile.exports).filter((name) => name !== "./package.json");
    assert.deepEqual(names.map((name) => name.replace(/^\./, "sera-lab")).sort(), Object.keys(entries).sort());
    for (const name of names) {
      const entry = packageFile.exports[name];
      assert.ok(typeof entry === "object");
      for (const file of [entry.types, entry.default]) {
        assert.ok(
          packageFile.files.some((packed) => file.startsWith(`./${packed}/`)),
          `${file} is not packed`,
        );
        readFileSync(file);
      }
    }
  });

  it("loads by import and by require", async () => {
    const require = createRequire(join(folder, "notebook.js"));
    for (const [name, [value]] of Object.entries(entries)) {
      const imported = JSON.parse(
        run(["--input-type=module", "-e", `console.log(JSON.stringify(Object.keys(await import("${name}"))))`]),
      ) as string[];
      assert.ok(imported.includes(value), `${value} in ${name}`);
      assert.deepEqual(Object.keys(require(name) as object).sort(), imported.sort());
    }
  });

  it("loads and runs the command line in four gigabytes of address space", {
    skip: process.platform === "win32",
  }, () => {
    const limited = (command: string) =>
      execFileSync("bash", ["-c", `ulimit -v 4000000; exec "${process.execPath}" ${command}`], { encoding: "utf8" });
    assert.match(limited("dist/src/cli/main.js --help"), /^Usage: sera/);
    assert.match(
      limited(`-e 'import("./dist/src/index.js").then((all) => console.log(typeof all.sera))'`),
      /^function/,
    );
  });

  it("recommends its own overrides for danfojs, which fix known vulnerabilities", () => {
    const { overrides } = JSON.parse(readFileSync("package.json", "utf8")) as {
      overrides: Record<string, Record<string, string>>;
    };
    const recommended = /"overrides": (\{[^]*?\n\})/.exec(readFileSync("docs/notebooks.md", "utf8"))![1]!;
    assert.deepEqual(JSON.parse(recommended), { "danfojs-node": overrides["danfojs-node"] });
    const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
      packages: Record<string, { name?: string; version: string }>;
    };
    const installed = (name: string) =>
      Object.entries(lock.packages)
        .filter(([path]) => path.endsWith(`node_modules/${name}`))
        .map(([, { name, version }]) => `${name} ${version}`);
    // CVE-2023-30533 and CVE-2024-22363 are fixed from 0.20.2 on; CVE-2023-28155 only in the successor of request.
    assert.deepEqual(installed("xlsx"), ["@e965/xlsx 0.20.3"]);
    assert.deepEqual(installed("request"), ["@cypress/request 4.0.1"]);
  });

  it("provides types for TypeScript 5.0 under node16 and node10 module resolution", () => {
    const lines = Object.entries(entries).map(
      ([name, [value, type]], i) =>
        `import { ${value}, type ${type} as Type${i} } from "${name}";\nexport const value${i}: object = ${value};\nexport type { Type${i} };`,
    );
    writeFileSync(join(folder, "uses.ts"), `${lines.join("\n")}\n`);
    const compiler = resolve("node_modules/@tslab/typescript-for-tslab/lib/tsc.js");
    const options = [
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--target",
      "es2022",
      "--types",
      "node",
      "--typeRoots",
      resolve("node_modules/@types"),
    ];
    for (const [module, resolution] of [
      ["node16", "node16"],
      ["esnext", "node10"],
    ] as const) {
      assert.equal(run([compiler, "uses.ts", ...options, "--module", module, "--moduleResolution", resolution]), "");
    }
  });

  it("keeps zod out of the declarations of all entries, because every cell reads them", () => {
    const seen = new Set<string>();
    const zod: string[] = [];
    const read = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, name] of readFileSync(file, "utf8").matchAll(/(?:from|import\() ?"([^"]+)"/g)) {
        if (name!.startsWith(".")) read(join(dirname(file), name!.replace(/\.js$/, ".d.ts")));
        else if (/^zod\b/.test(name!)) zod.push(file);
      }
    };
    for (const entry of Object.values(packageFile.exports)) if (typeof entry === "object") read(entry.types);
    assert.ok(seen.size > 100);
    assert.deepEqual(zod, []);
  });

  it("exports the types of a run's options, but nothing that creates them", () => {
    const names = JSON.parse(
      run(["--input-type=module", "-e", `console.log(JSON.stringify(Object.keys(await import("sera-lab/run"))))`]),
    ) as string[];
    const inside = Object.keys(optionsRoom);
    assert.ok(inside.length > 10);
    assert.deepEqual(
      names.filter((name) => inside.includes(name)),
      [],
    );
  });

  it("exports exactly the names listed here from its main entry", () => {
    const source = readFileSync("src/index.ts", "utf8");
    const listed = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, names]) =>
      names!.split(",").map((name) => name.trim().replace(/^type /, "")),
    );
    const spaces = [...source.matchAll(/^export \* as (\w+)/gm)].map(([, name]) => name!);
    assert.doesNotMatch(source, /^export \* from/m);
    assert.deepEqual([...listed, ...spaces].sort(), topNames);
  });
});
