import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Command } from "commander";
import { alignCommand } from "../../src/cli/align.js";
import { bridgeCommand } from "../../src/cli/bridge.js";
import { compareCommand } from "../../src/cli/compare.js";
import { generateCommand } from "../../src/cli/generate.js";
import { inspectCommand } from "../../src/cli/inspect.js";
import { judgeCommand } from "../../src/cli/judge.js";
import { kernelCommand } from "../../src/cli/kernel.js";
import { pushCommand } from "../../src/cli/push.js";
import { quickstartCommand } from "../../src/cli/quickstart.js";
import { sftCommand } from "../../src/cli/sft.js";
import { codeBlocks, documents } from "./code-blocks.js";

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Readonly<Record<string, string>> };
const verbs: Readonly<Record<string, () => Command>> = {
  align: () => alignCommand([]),
  sft: () => sftCommand([]),
  ...{
    compare: compareCommand,
    bridge: bridgeCommand,
    generate: generateCommand,
    inspect: inspectCommand,
    judge: judgeCommand,
  },
  ...{ kernel: kernelCommand, push: pushCommand, quickstart: quickstartCommand },
};
/** External programs; their arguments are not checked. */
const others = new Set(["helm", "jupyter", "kubectl", "papermill", "pip", "ray", "taskset"]);

/** Splits a command line into words, without its comment, quotes and variable assignments. */
function wordsOf(line: string): string[] {
  const words = [...line.replace(/\s#.*$/, "").matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain!,
  );
  return words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word)));
}

/** Parses the arguments of `sera` without running the command. */
function parse([verb, ...args]: readonly string[]): void {
  const command = verbs[verb ?? ""]?.();
  if (!command) throw new Error(`no command ${verb}`);
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeErr: () => {} });
    if (one.commands.length === 0) one.action(() => {});
  }
  command.parse(args, { from: "user" });
}

/** Returns what is wrong with a line, if anything. */
function problemOf(line: string): string | undefined {
  const [program, ...args] = wordsOf(line);
  try {
    if (program === "sera") parse(args);
    else if (program === "npm" && args[0] === "run") {
      const [script, ...rest] = args.slice(1).filter((word) => word !== "--silent");
      if (!Object.hasOwn(scripts, script!)) return `no script ${script}`;
      if (script === "sera") parse(rest.slice(1));
    } else if (program === "node" || program === "python" || program === "sh" || program?.includes("/")) {
      const file = program!.includes("/") ? program! : args[0]!;
      if (!existsSync(file)) return `no file ${file}`;
    } else if (program !== "npm" && program !== "cd" && !others.has(program!)) return `no program ${program}`;
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("commands in the documentation", () => {
  const blocks = [...documents, "CONTRIBUTING.md"].flatMap(codeBlocks).filter(({ language }) => language === "sh");
  const lines = blocks.flatMap(({ code, place }) =>
    code
      .replaceAll(/\\\n\s*/g, "")
      .split("\n")
      .filter(Boolean)
      .map((line) => ({ line, place })),
  );

  it("exist and have the given options", () => {
    assert.ok(lines.length > 25);
    const problems = lines
      .map(({ line, place }) => ({ line, place, problem: problemOf(line) }))
      .filter(({ problem }) => problem !== undefined);
    assert.deepEqual(problems, []);
  });

  it("with mistakes are found", () => {
    assert.match(problemOf("sera align --model tiny --data a --out b --losss dpo")!, /--losss/);
    assert.match(problemOf('npm run sera -- compare --data a --model b --out c --run "X=spin --beta a"')!, /beta/);
    assert.match(problemOf("sera alignn")!, /no command alignn/);
    assert.match(problemOf("npm run quikstart")!, /no script quikstart/);
    assert.match(problemOf("node scripts/none.mjs")!, /no file/);
    assert.equal(problemOf('sera compare --data a --model b --out c --run "X=spin --beta 1"   # a comment'), undefined);
  });
});
