import type { OnnxEngineOptions } from "../engine/onnx/engine.js";
import { repositoryName } from "../hub/repository-name.js";
import { fetchCheckpoint } from "../model/fetch-checkpoint.js";
import { Policy } from "../model/policy.js";
import { withDownload } from "./download.js";
import { sharedPrograms } from "./programs.js";

/** Which model, and where it runs: `provider` (default "cpu") and `threads` (default all cores). */
export interface LoadModelOptions extends OnnxEngineOptions {
  /** Branch, tag or commit of a repository of the hub. Default `main`. */
  readonly revision?: string;
}

/**
 * Loads a model, ready to write, to score and to be trained; see {@link loadCheckpoint} for the errors. A model of
 * the hub is downloaded first, or taken from the cache that Python's libraries use too; a download that was
 * interrupted goes on when the cell is run again.
 *
 * @param source a checkpoint folder in Hugging Face layout, as transformers and this library write them, or a
 *   repository of the hub, `org/name` or `org/name@revision`; a folder of that name is meant first
 *
 * @example const start = await loadModel(world.sft);
 * @example const policy = await loadModel("HuggingFaceTB/SmolLM2-135M-Instruct");
 * @throws InputError where the hub has no such model or may not be asked; see {@link openRepository}
 */
export async function loadModel(source: string, { revision, ...engine }: LoadModelOptions = {}): Promise<Policy> {
  const name = await repositoryName(source, "model", revision);
  const folder = name ? await withDownload(source, (work) => fetchCheckpoint(name, work)) : source;
  return Policy.load(sharedPrograms(engine), folder);
}
