import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/base/random.js";
import type { ProgramCache } from "../../src/engine/program-cache.js";
import { sera } from "../../src/methods/index.js";
import type { SelfImprovingOptions } from "../../src/run/options/index.js";
import type { Policy } from "../../src/model/policy/policy.js";
import { savePolicy } from "../../src/model/policy/policy-files.js";
import { RunContext } from "../../src/run/context.js";
import { runLayout } from "../../src/run/folder/layout.js";
import { RunFolder } from "../../src/run/folder/run-folder.js";
import type { RunControls, RunInput, RunJudge } from "../../src/run/input.js";
import { LocalExecutor } from "../../src/run/local-executor.js";
import type { Method } from "../../src/run/method.js";
import { randomPairs, tinyPolicy } from "./tiny-model.js";

/** SeRA of three iterations; takes a second. */
export function tinySera(own: Partial<SelfImprovingOptions> = {}): Method {
  const quick = {
    batchSize: 4,
    learningRate: 1e-2,
    maxNewTokens: 4,
    responses: 2,
    select: 0.5,
    bootstrap: 0.5,
    seed: 1,
    rounds: 3,
  };
  return sera({ ...quick, ...own })();
}

/** Eight random pairs and a random model. */
export async function tinyInput(programs: ProgramCache, changed: Partial<RunInput> = {}): Promise<RunInput> {
  return { start: await tinyPolicy(programs), pairs: randomPairs(8, Random.seeded(2)), ...changed };
}

/** A run in a folder that starts from `start`, with the given models of iterations 0, 1 … */
export async function tinyContext(
  path: string,
  start: Policy,
  models: readonly Policy[] = [],
  controls: RunControls = {},
): Promise<RunContext> {
  const folder = await RunFolder.open(path);
  for (const [t, policy] of models.entries()) {
    const { model } = runLayout.iteration(t);
    await savePolicy(policy, folder.file(model));
    await folder.seal([model]);
  }
  return new RunContext(
    folder,
    new LocalExecutor(start, start.programs.memory),
    controls,
    Math.max(1, models.length - 1),
  );
}

/** A judge that scores responses by their text only. */
export function textJudge(name: string, score: (response: string) => number): RunJudge {
  return {
    name,
    identity: { name, version: "1" },
    score: async (responses) => responses.map(({ response }) => score(response)),
  };
}

/** Digests of a run's files by name, without what varies in time: the manifest, the seconds in the summary, and locks. */
export function resultsIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile() && name !== "manifest.json" && !/\.lock-\d+$/.test(name))
    .sort();
  return Object.fromEntries(
    names.map((name) => [name, createHash("sha256").update(contentOf(folder, name)).digest("hex")]),
  );
}

function contentOf(folder: string, name: string): string | Buffer {
  const bytes = readFileSync(join(folder, name));
  if (name !== "summary.json") return bytes;
  return JSON.stringify(JSON.parse(bytes.toString("utf8")), (key, value: unknown) =>
    key === "seconds" ? null : value,
  );
}
