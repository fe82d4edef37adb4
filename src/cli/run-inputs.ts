import { inputError } from "../base/errors.js";
import { Random } from "../base/random.js";
import { flipLabels } from "../data/flip-labels.js";
import type { LoadedDemonstrations } from "../data/load-demonstrations.js";
import { loadDemonstrations } from "../data/load-demonstrations.js";
import { loadPreferences, type LoadedPreferences } from "../data/load-preferences.js";
import { tokenizeDemonstrations, tokenizePairs, type TokenizedDemonstration, type TokenizedPair } from "../data/tokenize.js";
import { heldOutPairs } from "../judge/held-out.js";
import { judgeIdentity } from "../judge/identity.js";
import { responseJudge, worldJudge } from "../judge/response-judge.js";
import { textsOf } from "../data/texts-of.js";
import type { Policy } from "../model/policy.js";
import type { RunInput } from "../run/input.js";
import { dataNotes } from "./data-notes.js";
import type { DataArguments, EngineArguments } from "./options.js";
import type { CommandSession } from "./session.js";
import { isFromScratch, openStart, type ModelArguments } from "./start.js";

/** What a run on preference pairs reads. */
export interface RunArguments extends DataArguments, ModelArguments, EngineArguments {
  readonly data: string;
  readonly evalData?: string;
  readonly validationData?: string;
  readonly demonstrations?: string;
  readonly initFrom?: string;
  readonly flip: number;
  readonly referenceCache?: string;
  readonly seed?: number;
}

/** Tokenized examples, and what became of the rows of their file. */
interface Fitted<Example> {
  readonly examples: readonly Example[];
  readonly notes: Readonly<Record<string, unknown>>;
}

/** Reads everything that a run needs: the data, and the model that it begins from. What was left out is said on stderr. */
export async function prepareRun(run: RunArguments, session: CommandSession): Promise<RunInput> {
  const { skipBadRows, seed = 0, initFrom, referenceCache } = run;
  const read = (source: string) => loadPreferences(source, { skipBadRows, ...hubPart(run) });
  const loaded = await loadPreferences(run.data, { skipBadRows, ...hubPart(run), ...(run.limit && { limit: run.limit }) });
  const offline = { ...loaded, pairs: flipLabels(loaded.pairs, run.flip, Random.seeded(seed).fork("flip")) };
  const held = run.evalData === undefined ? undefined : await read(run.evalData);
  const validation = run.validationData === undefined ? undefined : await read(run.validationData);
  const shown = run.demonstrations === undefined ? undefined : await loadDemonstrations(run.demonstrations, { skipBadRows });

  const model = initFrom === undefined || initFrom === "sft" ? run.model : initFrom;
  const start = await openStart({ ...run, model }, () => textsOf(offline.pairs), session.programs);
  const pairs = fitPairs(run.data, offline, start, run);
  const heldOut = held && fitPairs(run.evalData!, held, start, run);
  const judge = worldJudge(offline.pairs);
  const fromChosen = initFrom === "sft" || (initFrom === undefined && (await isFromScratch(run.model)));
  const demonstrations = shown
    ? fitDemonstrations(run.demonstrations!, shown, start, run).examples
    : fromChosen && pairs.examples.map(({ id, prompt, chosen }) => ({ id, prompt, response: chosen }));
  return {
    start,
    pairs: pairs.examples,
    dataNotes: { ...pairs.notes, ...(heldOut && { heldOut: heldOut.notes }) },
    ...(judge && { judge: { name: judge.name, identity: judgeIdentity(judge), score: responseJudge(judge, offline.pairs) } }),
    ...(referenceCache !== undefined && { referenceCache }),
    ...(demonstrations && { demonstrations }),
    ...(heldOut && { heldOut: heldOutPairs(heldOut.examples, held.pairs) }),
    ...(validation && { validation: fitPairs(run.validationData!, validation, start, run).examples }),
  };
}

/** Reads what supervised fine-tuning needs. */
export async function prepareSft(run: Omit<RunArguments, "flip">, session: CommandSession): Promise<RunInput> {
  const { skipBadRows } = run;
  const loaded = await loadDemonstrations(run.data, { skipBadRows, ...hubPart(run), ...(run.limit && { limit: run.limit }) });
  const texts = () => textsOf(loaded.demonstrations.map(({ id, prompt, response }) => ({ id, prompt, chosen: response, rejected: "" })));
  const start = await openStart(run, texts, session.programs);
  const { examples, notes } = fitDemonstrations(run.data, loaded, start, run);
  return { start, pairs: [], demonstrations: examples, dataNotes: notes };
}

function hubPart({ split, config, revision }: DataArguments) {
  return { ...(split !== undefined && { split }), ...(config !== undefined && { config }), ...(revision !== undefined && { revision }) };
}

function fitPairs(file: string, loaded: LoadedPreferences, { tokenizer, config }: Policy, run: DataArguments): Fitted<TokenizedPair> {
  const { truncatePrompts, skipBadRows } = run;
  const { pairs, truncation, identical, skipped } = tokenizePairs(loaded.pairs, tokenizer, { contextLength: config.contextLength, truncatePrompts, skipBadRows });
  const flipped = loaded.pairs.filter((pair) => pair.flipped).length;
  const counts = { skipped: [...loaded.skipped, ...skipped], truncation, identical };
  process.stderr.write(dataNotes(file, counts).join(""));
  if (pairs.length === 0) throw inputError({ file }, "no pair that fits the model's context", "at least one");
  return { examples: pairs, notes: { pairs: pairs.length, format: loaded.format, ...counts, flipped } };
}

function fitDemonstrations(file: string, loaded: LoadedDemonstrations, { tokenizer, config }: Policy, run: DataArguments): Fitted<TokenizedDemonstration> {
  const { truncatePrompts, skipBadRows } = run;
  const fit = { contextLength: config.contextLength, truncatePrompts, skipBadRows };
  const { demonstrations, truncation, skipped } = tokenizeDemonstrations(loaded.demonstrations, tokenizer, fit);
  const counts = { skipped: [...loaded.skipped, ...skipped], truncation };
  process.stderr.write(dataNotes(file, counts).join(""));
  if (demonstrations.length === 0) throw inputError({ file }, "no demonstration that fits the model's context", "at least one");
  return { examples: demonstrations, notes: { demonstrations: demonstrations.length, ...counts } };
}
