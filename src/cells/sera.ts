import { createHash } from "node:crypto";
import { join } from "node:path";
import { lossNamed } from "../align/losses/index.js";
import { optionalLossSettings } from "../align/losses/settings.js";
import { RunFolder } from "../align/run-folder.js";
import { InputError } from "../base/errors.js";
import { writeFileAtomic, writeJson } from "../base/files.js";
import { Random } from "../base/random.js";
import { pairRow } from "../data/pair-row.js";
import type { PreferencePair } from "../data/pair.js";
import { tokenizePairs, type TokenizedPair } from "../data/tokenize.js";
import { evaluateInFolder } from "../judge/evaluate-in-folder.js";
import { heldOutPairs } from "../judge/held-out.js";
import type { Parameters } from "../model/parameters.js";
import type { Policy } from "../model/policy.js";
import { cell } from "../notebook/display.js";
import { defaultFlatSera, seraOptions, type FlatSeraOptions } from "../sera-options.js";
import { runSera } from "../sera.js";
import { Run, tokenizerFolder } from "./run.js";

/** What a run is told; what is left out is as in {@link defaultFlatSera}. */
export interface RunOptions extends Partial<FlatSeraOptions> {
  /** Pairs on which each iteration's policy is evaluated. Prompts of the synthetic world bring their gold reward. */
  readonly heldOut?: readonly PreferencePair[];
  /** Cuts prompts that do not fit the context, where by default they are errors. Default false. */
  readonly truncatePrompts?: boolean;
  /** Where the run is kept. Default: `runs/<method>-<hash>`, the same for the same model, pairs and options. */
  readonly folder?: string;
}

const runNames = ["heldOut", "truncatePrompts", "folder", "microBatchSize", ...optionalLossSettings];

/**
 * SeRA: trains a policy on preference pairs, lets it review them and write new ones, and trains it
 * again (arXiv 2410.09362); see {@link FlatSeraOptions}.
 *
 * Everything is kept in the run's folder. A run that was interrupted goes on where it stopped when
 * the same cell is run again, and one that has ended is read from there; to train anew, remove the folder.
 *
 * @param policy what iteration 1 begins from and what stays the reference; it is not changed
 * @example const run = await sera(start, pairs, { beta: 2, iterations: 3, heldOut });
 * @throws InputError where an option is unknown or out of range, or a pair does not fit the model's
 *   context; DivergenceError where training leads to numbers that are none
 */
export async function sera(policy: Policy, pairs: readonly PreferencePair[], options: RunOptions = {}): Promise<Run> {
  const { heldOut, truncatePrompts = false, folder: given, ...flat } = options;
  checkNames(options);
  const all = seraOptions({ ...defaultFlatSera, ...flat });
  const loss = lossNamed(all.loss, all);
  const { config, tokenizer, origin } = policy;
  const tokenize = (texts: readonly PreferencePair[]) =>
    tokenizePairs(texts, tokenizer, { contextLength: config.contextLength, truncatePrompts }).pairs;
  const tokenized = tokenize(pairs);
  const held = heldOut?.length ? heldOutPairs(tokenize(heldOut), heldOut, all.generation, loss) : undefined;
  const parameters = await policy.parameters();

  const method = all.iterations === 1 ? loss.name : "sera";
  const path = given ?? join("runs", `${method}-${fingerprint({ ...all, config, ...(config.adapter && { origin }) }, parameters, tokenized, held?.pairs ?? [])}`);
  const folder = new RunFolder(path);
  if (await folder.has("summary.json")) return Run.open(path);

  const watch = { signal: cell.signal, reporter: cell.reporter };
  await writeJson(folder.file("config.json"), { ...all, truncatePrompts });
  await folder.sweep();
  if (config.adapter) {
    for (const [name, text] of tokenizer.files) await writeFileAtomic(folder.file(tokenizerFolder, name), text);
  }
  if (held) await folder.fixedRows("held-out-pairs.jsonl", held.pairs.map(pairRow));
  await runSera(
    {
      start: { config, tokenizer, parameters },
      ...(config.adapter && { base: policy.withoutAdapter() }),
      pairs: tokenized,
      ...(held && { evaluate: evaluateInFolder(held, folder, Random.seeded(all.seed).fork("evaluate"), watch) }),
    },
    all,
    folder,
    policy.programs,
    watch,
  );
  return Run.open(path);
}

/** A direct alignment algorithm alone, on all pairs: {@link sera} with one iteration. */
export function align(policy: Policy, pairs: readonly PreferencePair[], options: Omit<RunOptions, "iterations"> = {}): Promise<Run> {
  return sera(policy, pairs, { ...options, iterations: 1 });
}

/** A cell may pass an object whose type says less than it holds. */
function checkNames(options: RunOptions): void {
  const known = [...Object.keys(defaultFlatSera), ...runNames];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InputError(`found the option ${JSON.stringify(unknown)}, expected one of ${known.join(", ")}`);
}

/** Names a run by all that its results depend on; of an adapter's model, which may be large, by where it comes from. */
function fingerprint(
  options: object,
  parameters: Parameters,
  pairs: readonly TokenizedPair[],
  heldOut: readonly TokenizedPair[],
): string {
  const hash = createHash("sha256").update(JSON.stringify(options));
  for (const [name, { data }] of parameters) hash.update(name).update(data);
  for (const pair of [...pairs, ...heldOut]) hash.update(JSON.stringify(pairRow(pair)));
  return hash.digest("hex").slice(0, 8);
}
