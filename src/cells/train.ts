import { createHash } from "node:crypto";
import { join } from "node:path";
import { RunFolder } from "../align/run-folder.js";
import { writeFileAtomic, writeJson } from "../base/files.js";
import { Random } from "../base/random.js";
import { pairRow } from "../data/pair-row.js";
import type { PreferencePair } from "../data/pair.js";
import { tokenizePairs, type TokenizedPair } from "../data/tokenize.js";
import { evaluateInFolder } from "../judge/evaluate-in-folder.js";
import { heldOutPairs } from "../judge/held-out.js";
import type { Judge } from "../judge/judge.js";
import { responseJudge, worldJudge } from "../judge/response-judge.js";
import type { Parameters } from "../model/parameters.js";
import type { Policy } from "../model/policy.js";
import { cell } from "../notebook/display.js";
import type { RunControls } from "../run/input.js";
import { runMethod, type Method } from "../run/method.js";
import { generationOptions, identityOf, lossOf } from "../run/options/index.js";
import { Run, tokenizerFolder } from "./run.js";

/** What a run is told besides its method. */
export interface RunSettings {
  /** Pairs on which each iteration's policy is evaluated. Prompts of the synthetic world bring their gold reward. */
  readonly heldOut?: readonly PreferencePair[] | undefined;
  /** Grades responses, for methods that label by a judge. Default: the gold reward, where the prompts are the synthetic world's. */
  readonly judge?: Judge | undefined;
  /** Cuts prompts that do not fit the context, where by default they are errors. Default false. */
  readonly truncatePrompts?: boolean | undefined;
  /** Where the run is kept. Default: `runs/<method>-<hash>`, the same for the same model, pairs and options. */
  readonly folder?: string | undefined;
  /**
   * A folder that keeps the log-probabilities of the pairs under the reference, so that other runs from the same start
   * on the same pairs need not compute them. Default: `runs/reference-cache`; none where `folder` is given.
   */
  readonly referenceCache?: string | undefined;
  /** Where it is shown and what stops it. Default: the cell. */
  readonly watch?: RunControls | undefined;
}

/** Names of {@link RunSettings}. */
export const runSettingNames = ["heldOut", "judge", "truncatePrompts", "folder", "referenceCache", "watch"] as const satisfies readonly (keyof RunSettings)[];

/**
 * Trains a policy on preference pairs by a method.
 *
 * Everything is kept in the run's folder. A run that was interrupted goes on where it stopped when
 * the same cell is run again, and one that has ended is read from there; to train anew, remove the folder.
 *
 * @param policy what iteration 1 begins from and what stays the reference; it is not changed
 * @example const run = await train(start, pairs, methods.spin({ beta: 0.3 })(), { heldOut });
 * @throws InputError where a pair does not fit the model's context; DivergenceError where training leads to numbers
 *   that are none
 */
export async function train(policy: Policy, pairs: readonly PreferencePair[], method: Method, settings: RunSettings = {}): Promise<Run> {
  const { heldOut, truncatePrompts = false, folder: given, judge = worldJudge(pairs), watch = { signal: cell.signal, reporter: cell.reporter } } = settings;
  const { referenceCache = given === undefined ? join("runs", "reference-cache") : undefined } = settings;
  const { name, version, options } = method;
  const { config, tokenizer, origin } = policy;
  const tokenize = (texts: readonly PreferencePair[]) =>
    tokenizePairs(texts, tokenizer, { contextLength: config.contextLength, truncatePrompts }).pairs;
  const tokenized = tokenize(pairs);
  const held = heldOut?.length ? heldOutPairs(tokenize(heldOut), heldOut, generationOptions(options), lossOf(options)) : undefined;
  const parameters = await policy.parameters();

  const facts = { name, version, ...identityOf(options), config, ...(config.adapter && { origin }), ...(judge && { judge: judge.name }) };
  const path = given ?? join("runs", `${name.replaceAll(" ", "-")}-${fingerprint(facts, parameters, tokenized, held?.pairs ?? [])}`);
  const folder = new RunFolder(path);
  if (await folder.has("summary.json")) return Run.open(path);

  await writeJson(folder.file("config.json"), { method: name, ...identityOf(options), truncatePrompts });
  await folder.sweep();
  if (config.adapter) {
    for (const [file, text] of tokenizer.files) await writeFileAtomic(folder.file(tokenizerFolder, file), text);
  }
  if (held) await folder.fixedRows("held-out-pairs.jsonl", held.pairs.map(pairRow));
  await runMethod(
    method,
    {
      start: { config, tokenizer, parameters },
      ...(config.adapter && { base: policy.withoutAdapter() }),
      pairs: tokenized,
      ...(referenceCache !== undefined && { referenceCache }),
      ...(judge && { judge: responseJudge(judge, pairs) }),
      ...(held && { heldOut: held.pairs, evaluate: evaluateInFolder(held, folder, Random.seeded(options.seed).fork("evaluate"), watch) }),
    },
    folder,
    policy.programs,
    watch,
  );
  return Run.open(path);
}

/** Names a run by all that its results depend on; of an adapter's model, which may be large, by where it comes from. */
function fingerprint(
  facts: object,
  parameters: Parameters,
  pairs: readonly TokenizedPair[],
  heldOut: readonly TokenizedPair[],
): string {
  const hash = createHash("sha256").update(JSON.stringify(facts));
  for (const [name, { data }] of parameters) hash.update(name).update(data);
  for (const pair of [...pairs, ...heldOut]) hash.update(JSON.stringify(pairRow(pair)));
  return hash.digest("hex").slice(0, 8);
}
