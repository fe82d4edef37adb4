import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { InputError, inputError } from "../base/errors.js";
import { checkOptionNames, namesOf } from "../base/option-names.js";
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

/**
 * Options of {@link loadModel}. The engine is chosen by `engine` with its `provider` and `threads`, or its `backend`;
 * see {@link EngineOptions}.
 */
export interface LoadModelOptions extends EngineOptions {
  /** Branch, tag or commit of a hub repository. Default `main`. */
  readonly revision?: string | undefined;
  /**
   * Adds a fresh LoRA adapter. Only the adapter is trained; the base model is frozen and stored once, shared by all its
   * adapters. By default α is twice the rank, and all linear layers except the head are targeted.
   */
  readonly lora?: (Partial<LoraConfig> & Pick<LoraConfig, "rank">) | undefined;
  /**
   * Format of the weight matrices: "float32" (default), or quantised, "int8" or "int4", which take a third and a fifth
   * of the memory and speed up generation. Quantised weights serve for sampling, for scoring, as a frozen reference and
   * as the base of an adapter (QLoRA, Dettmers et al. 2023, arXiv 2305.14314); they cannot be trained. Only onnx on the
   * CPU supports them.
   */
  readonly weights?: WeightsName | undefined;
  /**
   * Pairs from whose texts a preset learns its vocabulary. All presets but `world` need them; `world` adds the goal
   * words if the prompts contain goals.
   */
  readonly pairs?: readonly PreferencePair[];
  /** Seed of the initial parameters of an adapter or a preset. Default 0. */
  readonly seed?: number | undefined;
}

const loadModelOptions = namesOf<LoadModelOptions>({
  revision: true,
  lora: true,
  weights: true,
  pairs: true,
  seed: true,
  engine: true,
  provider: true,
  threads: true,
  backend: true,
});
const loraOptions = namesOf<LoraConfig>({ rank: true, alpha: true, targets: true, rsLora: true, dropout: true });

/**
 * Loads a model for generation, scoring and training; see {@link loadCheckpoint} for the errors. A hub model is
 * downloaded first, or taken from the cache shared with the Python libraries; an interrupted download resumes when the
 * cell is run again. The model stays in memory until {@link Policy.free}.
 *
 * @param source a checkpoint folder in Hugging Face layout, as transformers and this library write them; a folder with
 *   a LoRA adapter in PEFT's format, which names its base model; a GGUF file (`x.gguf`) or a folder with one; a hub
 *   repository with any of these, `org/name` or `org/name@revision`, or `org/name:Q8_0` for the GGUF file in that
 *   quantisation, dequantised to float32; or a preset (`tiny`, `small`, `base`, `world`), a small model with fresh
 *   parameters to train from scratch. A folder of that name takes precedence
 *
 * @example const start = await loadModel(world.sft);
 * @example const policy = await loadModel("HuggingFaceTB/SmolLM2-135M-Instruct", { lora: { rank: 16 } });
 * @example const policy = await loadModel("bartowski/SmolLM2-135M-Instruct-GGUF:Q8_0");
 * @example const fresh = await loadModel("tiny", { pairs, seed: 1 });
 * @example const policy = await loadModel("TinyLlama/TinyLlama-1.1B-Chat-v1.0", { weights: "int8", lora: { rank: 16 } });
 * @throws InputError if the hub has no such model or access is refused, see {@link openRepository}; if an adapter
 *   target is not the name of a layer; if the engine does not support the weight format, or a layer's input size is not
 *   a multiple of 32; if a preset is given no pairs, or an adapter, or weights
 */
export async function loadModel(source: string, options: LoadModelOptions = {}): Promise<Policy> {
  checkOptionNames("loadModel", options, loadModelOptions);
  const { revision, lora, weights, pairs, seed, ...engine } = options;
  if (lora) checkOptionNames("lora", lora, loraOptions);
  return loadModelOn(sharedPrograms(engine), source, {
    revision,
    lora,
    weights,
    seed,
    ...(pairs && { texts: () => textsOf(pairs) }),
  });
}

/** Options of {@link loadModelOn}. */
export interface ModelChoice extends Pick<LoadModelOptions, "revision" | "lora" | "weights" | "seed"> {
  /** Texts from which a preset learns its vocabulary. */
  readonly texts?: () => Iterable<string>;
}

/** {@link loadModel} on an existing engine. */
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

/** Revision and weight format of a model. */
interface OpenChoice {
  readonly revision?: string | undefined;
  /** Default: in float32. */
  readonly weights?: QuantizedWeights | undefined;
}

/**
 * Opens a model on an existing engine; the source is as in {@link loadModel}, except a preset. The base model of an
 * adapter is shared by all its adapters and freed with the last.
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

/** @param above the adapter to put on the base, for the error if the base is itself an adapter */
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

/** Returns the model's folder, downloaded if necessary, and the name by which an adapter refers to it. */
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

/**
 * Splits `org/name:Q8_0`, `org/name:Q8_0@revision` and `org/name@revision:Q8_0`; a local path of that name is not
 * split.
 */
async function ggufName(source: string): Promise<{ readonly repository: string; readonly quantization?: string }> {
  const [, repository, quantization, revision = ""] = /^([^:]+\/[^:]+):([A-Za-z0-9_-]+)(@.+)?$/.exec(source) ?? [];
  if (repository === undefined || quantization === undefined || (await isThere(source))) return { repository: source };
  return { repository: repository + revision, quantization };
}

/**
 * @returns undefined if `source` looks like a path or a repository name
 * @throws InputError listing the presets, if `source` is a plain word that names none
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
