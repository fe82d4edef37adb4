import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { InputError, inputError } from "../base/errors.js";
import { Random } from "../base/random.js";
import { freshModel } from "../data/fresh-model.js";
import type { PreferencePair } from "../data/pair.js";
import { textsOf } from "../data/texts-of.js";
import type { EngineOptions } from "../engine/create-engine.js";
import type { ProgramCache } from "../engine/program-cache.js";
import { describeRepository, repositoryName } from "../hub/repository-name.js";
import { isAdapterFolder, readAdapter } from "../model/checkpoint/adapters/adapter-files.js";
import { fetchCheckpoint } from "../model/checkpoint/fetch-checkpoint.js";
import { isGgufName } from "../model/checkpoint/gguf/file-names.js";
import type { LoraConfig, QuantizedWeights } from "../model/config.js";
import { allLinear, initialLora } from "../model/parameters/lora/lora.js";
import { weightsNamed, type WeightsName } from "../model/parameters/quantization/quantized-weights.js";
import { Policy } from "../model/policy/policy.js";
import { putAdapter } from "../model/policy/policy-files.js";
import { isPreset, preset, type PresetName } from "../model/presets.js";
import { refuseRunAsModel } from "../run/folder/policies-in.js";
import { withDownload } from "./transfer.js";
import { sharedPrograms } from "./programs.js";

/** Which model, and where it runs: `engine` with its `provider` and `threads`, or its `backend`; see {@link EngineOptions}. */
export interface LoadModelOptions extends EngineOptions {
  /** Branch, tag or commit of a repository of the hub. Default `main`. */
  readonly revision?: string | undefined;
  /**
   * A fresh adapter, which is then all that is trained; the model itself stays, and is held once, however many adapters
   * are on it. By default α is twice the rank, and the layers are all linear ones but the head.
   */
  readonly lora?: (Partial<LoraConfig> & Pick<LoraConfig, "rank">) | undefined;
  /**
   * How the model's matrices are held: "float32" (default), or quantised, "int8" or "int4", which take a third and a fifth
   * of the memory, and are read faster where responses are written. They are for sampling, for scoring, as a frozen
   * reference, and below an adapter (QLoRA, Dettmers et al. 2023, arXiv 2305.14314); they are not trained themselves. Only onnx on the CPU
   * has them.
   */
  readonly weights?: WeightsName | undefined;
  /** Pairs whose texts a preset learns its vocabulary from; all but `world` need them, which has the words for goals where their prompts state some. */
  readonly pairs?: readonly PreferencePair[];
  /** Of the first numbers of an adapter or a preset. Default 0. */
  readonly seed?: number | undefined;
}

/**
 * Loads a model, ready to write, to score and to be trained; see {@link loadCheckpoint} for the errors. A model of
 * the hub is downloaded first, or taken from the cache that Python's libraries use too; a download that was
 * interrupted goes on when the cell is run again. It stays in memory until {@link Policy.free}.
 *
 * @param source a checkpoint folder in Hugging Face layout, as transformers and this library write them, or a folder
 *   with a LoRA adapter as PEFT and this library write them, which names its model; or a GGUF file (`x.gguf`), or a folder
 *   with one; or a repository of the hub with any of these, `org/name` or `org/name@revision`, or `org/name:Q8_0` for the
 *   GGUF file in that quantisation, de-quantised to float32; or a preset (`tiny`, `small`, `base`, `world`), which is a small model
 *   with fresh parameters, to be trained from scratch. A folder of that name is meant first
 *
 * @example const start = await loadModel(world.sft);
 * @example const policy = await loadModel("HuggingFaceTB/SmolLM2-135M-Instruct", { lora: { rank: 16 } });
 * @example const policy = await loadModel("bartowski/SmolLM2-135M-Instruct-GGUF:Q8_0");
 * @example const fresh = await loadModel("tiny", { pairs, seed: 1 });
 * @example const policy = await loadModel("TinyLlama/TinyLlama-1.1B-Chat-v1.0", { weights: "int8", lora: { rank: 16 } });
 * @throws InputError where the hub has no such model or may not be asked, see {@link openRepository}; where a target of
 *   the adapter is no layer's name; where the engine cannot compute with weights of that kind, or a layer's inputs are no whole blocks of 32; where a
 *   preset is given no pairs, or an adapter, or weights
 */
export function loadModel(source: string, options: LoadModelOptions = {}): Promise<Policy> {
  const { revision, lora, weights, pairs, seed, ...engine } = options;
  return loadModelOn(sharedPrograms(engine), source, {
    revision,
    lora,
    weights,
    seed,
    ...(pairs && { texts: () => textsOf(pairs) }),
  });
}

/** Which model {@link loadModelOn} is to load, besides its source. */
export interface ModelChoice extends Pick<LoadModelOptions, "revision" | "lora" | "weights" | "seed"> {
  /** What a preset learns its vocabulary from. */
  readonly texts?: () => Iterable<string>;
}

/** {@link loadModel} on an engine that is there already. */
export async function loadModelOn(programs: ProgramCache, source: string, choice: ModelChoice): Promise<Policy> {
  const { revision, lora, texts, seed = 0 } = choice;
  const weights = choice.weights === undefined ? undefined : weightsNamed(choice.weights);
  const name = (await isThere(source)) ? undefined : presetNamed(source);
  if (name !== undefined) return loadPreset(name, programs, choice);
  if (texts)
    throw new InputError(
      `pairs: only a preset learns its vocabulary from pairs, and ${source} has its own; leave them out`,
    );
  if (!lora) return openModel(source, programs, { revision, weights });
  const base = await openBase(
    source,
    programs,
    { revision, weights },
    "lora on top: load it without lora, or put lora on its model",
  );
  try {
    const adapter: LoraConfig = { alpha: 2 * lora.rank, targets: allLinear, ...lora };
    return await base.withAdapter(adapter, initialLora(base.config, adapter, Random.seeded(seed).fork("lora")));
  } finally {
    await base.free();
  }
}

/** Which version of a model, and how it is held. */
interface OpenChoice {
  readonly revision?: string | undefined;
  /** Default: in float32. */
  readonly weights?: QuantizedWeights | undefined;
}

/**
 * Opens a model on an engine that is there already; see {@link loadModel} for what the source may be, except a preset.
 * The model below an adapter is shared with all who hold it as a base, and freed with the last.
 */
export async function openModel(
  source: string,
  programs: ProgramCache,
  { revision, weights }: OpenChoice = {},
): Promise<Policy> {
  const { folder, origin } = await findModel(source, revision);
  if (!isAdapterFolder(folder)) return Policy.load(programs, folder, origin, weights);
  const adapter = await readAdapter(folder);
  const { baseModel } = adapter.config;
  if (baseModel === undefined) {
    throw inputError(
      { file: folder },
      "no base_model_name_or_path in adapter_config.json",
      "the model that the adapter is for",
    );
  }
  const base = await openBase(
    baseModel,
    programs,
    { weights },
    `${folder} on top: only an adapter on a whole model can be loaded`,
  );
  try {
    return await putAdapter(base, adapter, folder);
  } finally {
    await base.free();
  }
}

/** @param above what is to be put on it, for the error where it is an adapter itself */
async function openBase(
  source: string,
  programs: ProgramCache,
  { revision, weights }: OpenChoice,
  above: string,
): Promise<Policy> {
  const { folder, origin } = await findModel(source, revision);
  if (isAdapterFolder(folder)) throw new InputError(`${source} is an adapter, and cannot have ${above}`);
  return Policy.loadBase(programs, folder, origin, weights);
}

async function loadPreset(
  name: PresetName,
  programs: ProgramCache,
  { revision, lora, weights, texts, seed = 0 }: ModelChoice,
): Promise<Policy> {
  const chosen = preset(name);
  if (revision !== undefined) throw new InputError(`revision: the preset ${name} has none; leave it out`);
  if (weights !== undefined && weights !== "float32")
    throw new InputError(
      `weights: the preset ${name} is not trained yet, and weights in ${weights} cannot be trained; leave weights out`,
    );
  if (lora)
    throw new InputError(
      `lora: the preset ${name} is not trained yet, so that an adapter would have nothing to adapt; train it whole, and load its folder with lora then`,
    );
  if (chosen.vocabulary && !texts) {
    throw new InputError(
      `pairs: the preset ${name} learns its vocabulary from your pairs; loadModel("${name}", { pairs })`,
    );
  }
  return Policy.create(programs, await freshModel(chosen, texts ?? (() => []), seed));
}

/** Where a model lies, downloaded if need be, and what an adapter on it names it by. */
async function findModel(
  source: string,
  revision: string | undefined,
): Promise<{ readonly folder: string; readonly origin: string }> {
  const { repository, quantization } = await ggufName(source);
  const name = await repositoryName(repository, "model", revision);
  if (!name && !isGgufName(source) && (await isFile(source))) {
    throw new InputError(
      `${source}: this is a file; a model is a folder, a GGUF file (.gguf), a repository on the hub (org/name), or a preset`,
    );
  }
  if (!name) {
    await refuseRunAsModel(source);
    return { folder: source, origin: resolve(source) };
  }
  const folder = await withDownload(source, (work) => fetchCheckpoint(name, quantization, work));
  return { folder, origin: `${describeRepository(name)}${quantization === undefined ? "" : `:${quantization}`}` };
}

/** The parts of `org/name:Q8_0`, `org/name:Q8_0@revision` and `org/name@revision:Q8_0`; what is here by that name has none. */
async function ggufName(source: string): Promise<{ readonly repository: string; readonly quantization?: string }> {
  const [, repository, quantization, revision = ""] = /^([^:]+\/[^:]+):([A-Za-z0-9_-]+)(@.+)?$/.exec(source) ?? [];
  if (repository === undefined || quantization === undefined || (await isThere(source))) return { repository: source };
  return { repository: repository + revision, quantization };
}

/**
 * @returns undefined where it has the form of a path or a repository's name
 * @throws InputError naming the presets where it has neither form, and is none
 */
function presetNamed(source: string): PresetName | undefined {
  if (isPreset(source)) return source;
  if (/^[\w-]+$/.test(source)) preset(source);
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
