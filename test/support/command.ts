import { spawn, type ChildProcess } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { Random } from "../../src/base/random.js";
import { world } from "../../src/data/world/shipped.js";
import { saveCheckpoint } from "../../src/model/checkpoint/checkpoint.js";
import { initialParameters } from "../../src/model/parameters/parameters.js";
import { loadTokenizer } from "../../src/model/tokenizer/load-tokenizer.js";
import { tinyConfig } from "./tiny-model.js";

const program = resolve("dist/src/cli/main.js");

/** How a process ended and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

interface Started {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `sera` with arguments in a folder. */
export function start(args: readonly string[], cwd: string): Started {
  return startProgram(program, args, cwd, {});
}

function startProgram(path: string, args: readonly string[], cwd: string, env: Environment): Started {
  const child = spawn(process.execPath, [path, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk: Buffer) => (output[name] += chunk.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, ...output })),
  );
  return { process: child, ended };
}

/** Runs `sera` to its end; `env` is added to this process's environment. */
export function run(args: readonly string[], cwd: string, env: Environment = {}): Promise<Ended> {
  return runProgram(program, args, cwd, env);
}

/** Runs the `sera` of another installation to its end. */
export function runProgram(path: string, args: readonly string[], cwd: string, env: Environment): Promise<Ended> {
  return startProgram(path, args, cwd, env).ended;
}

/** Creates a folder for the files of a test file, removed after its tests. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sera-command-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Creates a folder in a folder. */
export function subfolder(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

/** The first rows of a file of the synthetic world. */
export function worldRows(name: string, count: number): string[] {
  return readFileSync(join("data/world", name), "utf8").split("\n").slice(0, count);
}

/** Writes lines, each with its end. */
export function writeLines(path: string, lines: readonly string[]): string {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

/** Writes a model of a few thousand parameters that knows the world's words. */
export async function writeTinyCheckpoint(folder: string, seed = 1): Promise<string> {
  const tokenizer = await loadTokenizer(world.tokenizer);
  const config = { ...tinyConfig, layers: 1, contextLength: 96, vocabSize: tokenizer.vocabSize };
  await saveCheckpoint(folder, { config, parameters: initialParameters(config, Random.seeded(seed)), tokenizer });
  return folder;
}

/** Returns every file of a run by name, without times and durations, which differ between equal runs. */
export function timeless(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter(
    (name) =>
      statSync(join(folder, name)).isFile() &&
      !["manifest.json", "report.html", "command.json"].includes(name) &&
      !name.startsWith(".lock-"),
  );
  return new Map(
    files.map((name) => {
      const text = readFileSync(join(folder, name), "latin1");
      return [name, name === "summary.json" ? text.replace(/"seconds": \{[^}]*\}/g, "") : text];
    }),
  );
}

/** Returns stderr without the note on labels that contradict the scores, which the world has by its Bradley–Terry labels. */
export const besidesScores = (stderr: string) =>
  stderr.replace(/^\S+: \d+ pairs? \([^)]*\) whose scores contradict the order: .*\n/gm, "");

/** A JSON file of a run. */
export function json<T = any>(folder: string, name: string): T {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as T;
}

/** Returns the rows of a JSON Lines file of a run, without an incomplete last one; none if there is no such file. */
export function rows<T = any>(folder: string, name: string): T[] {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}
