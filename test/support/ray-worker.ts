import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dpo } from "../../src/align/losses/dpo.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import { Trainer, type TrainerState } from "../../src/align/trainer.js";
import { Random } from "../../src/base/random.js";
import type { ProgramCache } from "../../src/engine/program-cache.js";
import { generate } from "../../src/model/generation/generate.js";
import { Policy } from "../../src/model/policy/policy.js";
import { loadPolicy, savePolicy } from "../../src/model/policy/policy-files.js";
import { responseTokenLogProbs } from "../../src/model/scoring/score.js";
import { pinned, protocol } from "../../src/run/ray/versions.js";
import type { Entrypoint, Work } from "./ray-server.js";

/** What a check of the test cluster reports. */
export const plenty = {
  nonce: undefined as string | undefined,
  protocol,
  versions: { ...pinned } as Record<string, string | null>,
  resources: { CPU: 4 } as Record<string, number>,
};

/**
 * Does the jobs of a cluster with the local engine in place of TRL and transformers, with the files of the Python side.
 *
 * @param has what a check of the cluster reports
 * @param beforeStep called before each step of a training
 */
export function rayWorker(
  programs: ProgramCache,
  has = plenty,
  beforeStep: (step: number, signal: AbortSignal) => Promise<void> | void = () => {},
): Work {
  return async (entrypoint, signal) => {
    const folder = join(entrypoint.storage, entrypoint.stage);
    const request = JSON.parse(readFileSync(join(folder, "request.json"), "utf8"));
    if (entrypoint.verb === "check") {
      finish(folder, { ...has, nonce: has.nonce ?? request.nonce });
      return;
    }
    const base =
      request.base === null ? undefined : await Policy.load(programs, join(entrypoint.storage, request.base));
    const policy = await loadPolicy(programs, join(entrypoint.storage, request.model), base);
    try {
      await verbs[entrypoint.verb]!(policy, folder, request, (step) => beforeStep(step, signal), signal);
    } finally {
      await policy.free();
      await base?.free();
    }
    signal.throwIfAborted();
    finish(folder, {});
  };
}

type Stage = (
  policy: Policy,
  folder: string,
  request: any,
  beforeStep: (step: number) => Promise<void> | void,
  signal: AbortSignal,
) => Promise<void>;

const verbs: Readonly<Record<Entrypoint["verb"], Stage>> = {
  async score(policy, folder, { tokens }) {
    const sequences = rowsIn(folder, "sequences.jsonl").map(({ prompt, response }) => ({
      prompt: Int32Array.from(prompt),
      response: Int32Array.from(response),
    }));
    const indices = rowsIn(folder, "sequences.jsonl").map(({ index }) => index);
    const found = await responseTokenLogProbs(policy, sequences);
    write(
      folder,
      "scores.jsonl",
      indices
        .map((_, i) => found[indices.indexOf(i)]!)
        .map((values) => (tokens ? [...values] : [values.reduce((sum, value) => sum + value, 0)])),
    );
  },

  async sample(policy, folder, { sampling, stopIds, seed }) {
    const requests = rowsIn(folder, "prompts.jsonl").map(({ prompt, responses }, i) => ({
      key: `${i}`,
      prompt: Int32Array.from(prompt),
      responses,
    }));
    const found = [];
    for await (const batch of generate(policy, requests, Random.seeded(seed), { ...sampling, stopTokens: stopIds }))
      found.push(...batch);
    write(
      folder,
      "samples.jsonl",
      found.reverse().map(({ tokens, ...row }) => ({ ...row, tokens: [...tokens] })),
    );
  },

  async train(policy, folder, { loss, batchSize, adamW }, beforeStep, signal) {
    const pairs = rowsIn(folder, "pairs.jsonl").map((row): ReferencedPair => {
      const prompt = Int32Array.from(row.prompt_ids);
      return {
        chosen: { prompt, response: Int32Array.from(row.chosen_ids) },
        rejected: { prompt, response: Int32Array.from(row.rejected_ids) },
        referenceChosen: row.ref_chosen_logps,
        referenceRejected: row.ref_rejected_logps,
      };
    });
    const { order, learningRates } = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")) as {
      order: number[];
      learningRates: number[];
    };
    // A restarted job repeats the steps after its last checkpoint.
    let from: TrainerState | undefined;
    for (const [k, learningRate] of learningRates.entries()) {
      await beforeStep(k + 1);
      signal.throwIfAborted();
      const batch = order.slice(k * batchSize, (k + 1) * batchSize).map((i) => pairs[i]!);
      const options = { batchSize, epochs: 1, maxSteps: k + 1, learningRate, schedule: "constant", adamW } as const;
      const trainer = await Trainer.begin(
        policy,
        preference(dpo({ beta: loss.beta })),
        batch,
        options,
        Random.seeded(0),
        { from },
      );
      for await (const { epoch: _, ...record } of trainer.steps())
        appendFileSync(join(folder, "steps.jsonl"), `${JSON.stringify({ ...record, entropy: 1 })}\n`);
      from = await trainer.state();
      await trainer.end();
    }
    rmSync(join(folder, "model"), { recursive: true, force: true });
    await savePolicy(policy, join(folder, "model"));
  },
};

const rowsIn = (folder: string, name: string): any[] =>
  readFileSync(join(folder, name), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const write = (folder: string, name: string, rows: readonly unknown[]) =>
  writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

function finish(folder: string, result: object): void {
  // The process that requested the job may have ended, and its folder may be gone.
  if (existsSync(folder)) writeFileSync(join(folder, "result.json"), JSON.stringify(result));
}
