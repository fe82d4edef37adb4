import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { inputError } from "../base/errors.js";
import { Random } from "../base/random.js";
import type { EngineOptions } from "../engine/create-engine.js";
import { repositoryName } from "../hub/repository-name.js";
import { readAdapter } from "../model/adapter-files.js";
import type { LoraConfig } from "../model/config.js";
import { fetchCheckpoint } from "../model/fetch-checkpoint.js";
import { allLinear, initialLora } from "../model/lora.js";
import { Policy } from "../model/policy.js";
import { putAdapter } from "../model/policy-files.js";
import { withDownload } from "./download.js";
import { sharedPrograms } from "./programs.js";

/** Which model, and where it runs: `engine` with its `provider` and `threads`, or its `backend`; see {@link EngineOptions}. */
export interface LoadModelOptions extends EngineOptions {
  /** Branch, tag or commit of a repository of the hub. Default `main`. */
  readonly revision?: string;
  /**
   * A fresh adapter, which is then all that is trained; the model itself stays, and is held once. By default α is twice
   * the rank, and the layers are all linear ones but the head.
   */
  readonly lora?: Partial<LoraConfig> & Pick<LoraConfig, "rank">;
  /** Of the adapter's first numbers. Default 0. */
  readonly seed?: number;
}

/**
 * Loads a model, ready to write, to score and to be trained; see {@link loadCheckpoint} for the errors. A model of
 * the hub is downloaded first, or taken from the cache that Python's libraries use too; a download that was
 * interrupted goes on when the cell is run again.
 *
 * @param source a checkpoint folder in Hugging Face layout, as transformers and this library write them, or a folder
 *   with a LoRA adapter as PEFT and this library write them, which names its model; or a repository of the hub with
 *   either, `org/name` or `org/name@revision`; a folder of that name is meant first
 *
 * @example const start = await loadModel(world.sft);
 * @example const policy = await loadModel("HuggingFaceTB/SmolLM2-135M-Instruct", { lora: { rank: 16 } });
 * @throws InputError where the hub has no such model or may not be asked, see {@link openRepository}; where a target of
 *   the adapter is no layer's name
 */
export async function loadModel(source: string, options: LoadModelOptions = {}): Promise<Policy> {
  const { revision, lora, seed = 0, ...engine } = options;
  const name = await repositoryName(source, "model", revision);
  const folder = name ? await withDownload(source, (work) => fetchCheckpoint(name, work)) : source;
  const policy = isAdapter(folder)
    ? await loadAdapted(folder, engine)
    : await Policy.load(sharedPrograms(engine), folder, name ? source : resolve(folder));
  if (!lora) return policy;
  if (policy.config.adapter) throw inputError({ file: source }, "an adapter, and lora besides", "one of the two");
  const adapter: LoraConfig = { alpha: 2 * lora.rank, targets: allLinear, ...lora };
  return policy.withAdapter(adapter, initialLora(policy.config, adapter, Random.seeded(seed).fork("lora")));
}

function isAdapter(folder: string): boolean {
  return existsSync(join(folder, "adapter_config.json")) && !existsSync(join(folder, "config.json"));
}

async function loadAdapted(folder: string, engine: EngineOptions): Promise<Policy> {
  const adapter = await readAdapter(folder);
  const { baseModel } = adapter.config;
  if (baseModel === undefined) {
    throw inputError({ file: join(folder, "adapter_config.json") }, "no base_model_name_or_path", "the model that the adapter is for");
  }
  return putAdapter(await loadModel(baseModel, engine), adapter, folder);
}
