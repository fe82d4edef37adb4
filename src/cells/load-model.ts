import type { OnnxEngineOptions } from "../engine/onnx/engine.js";
import { Policy } from "../model/policy.js";
import { sharedPrograms } from "./programs.js";

/**
 * Loads a model, ready to write, to score and to be trained; see {@link loadCheckpoint} for the errors.
 *
 * @param folder a checkpoint folder in Hugging Face layout, as transformers and this library write them
 * @param engine where it runs: `provider` (default "cpu") and `threads` (default all cores)
 *
 * @example const start = await loadModel(world.sft);
 */
export function loadModel(folder: string, engine: OnnxEngineOptions = {}): Promise<Policy> {
  return Policy.load(sharedPrograms(engine), folder);
}
