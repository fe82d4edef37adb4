import { Random } from "../../src/base/random.js";
import { world } from "../../src/data/world/shipped.js";
import type { ProgramCache } from "../../src/engine/program-cache.js";
import { initialParameters } from "../../src/model/parameters/parameters.js";
import { Policy } from "../../src/model/policy/policy.js";
import { loadTokenizer } from "../../src/model/tokenizer/load-tokenizer.js";
import { tinyConfig } from "./tiny-model.js";

/** A tiny model with random parameters that reads and writes the synthetic world's words. */
export async function worldPolicy(programs: ProgramCache): Promise<Policy> {
  const tokenizer = await loadTokenizer(world.tokenizer);
  const config = { ...tinyConfig, vocabSize: tokenizer.vocabSize, contextLength: 96 };
  return Policy.create(programs, { config, tokenizer, parameters: initialParameters(config, Random.seeded(1)) });
}
