import { inputError, quote } from "../../base/errors.js";
import type { ProgramCache } from "../../engine/program-cache.js";
import { sameShape, type Tensor } from "../../graph/tensor.js";
import { readAdapter, writeAdapter, type AdapterFile } from "../checkpoint/adapters/adapter-files.js";
import type { LoraConfig, ModelConfig } from "../config.js";
import { loraLayers, loraNames, loraShapes } from "../parameters/lora/lora.js";
import { Policy } from "./policy.js";

/**
 * Writes what was trained: an adapter in PEFT's layout, which PEFT loads onto the same base, or the whole model in
 * Hugging Face layout.
 */
export async function savePolicy(policy: Policy, folder: string): Promise<void> {
  const { adapter } = policy.config;
  if (!adapter) return policy.save(folder);
  const parameters = await policy.parameters();
  const layers = loraLayers(policy.config, adapter);
  await writeAdapter(folder, {
    config: {
      rank: adapter.rank,
      alpha: adapter.alpha,
      dropout: adapter.dropout ?? 0,
      // PEFT does not support patterns in a list.
      targetModules: adapter.targets.some((target) => target.includes("*"))
        ? layers.map(({ name }) => name)
        : adapter.targets,
      rsLora: adapter.rsLora ?? false,
      fanInFanOut: layers.every(({ layout }) => layout === "in-out"),
      ...(policy.origin !== undefined && { baseModel: policy.origin }),
    },
    tensors: new Map(
      layers.map(({ name }) => {
        const { a, b } = loraNames(name);
        return [name, { a: parameters.get(a)!, b: parameters.get(b)! }];
      }),
    ),
  });
}

/**
 * Loads what {@link savePolicy} has written.
 *
 * @param base the model that an adapter is for; undefined if the folder holds a whole model
 */
export function loadPolicy(programs: ProgramCache, folder: string, base?: Policy): Promise<Policy> {
  return base ? loadAdapter(base, folder) : Policy.load(programs, folder);
}

/**
 * Returns the model with the LoRA adapter in a folder, written by PEFT or {@link savePolicy}. The base's parameters are
 * shared.
 *
 * @throws InputError if the adapter does not fit this model, or is of an unsupported kind
 */
export async function loadAdapter(base: Policy, folder: string): Promise<Policy> {
  return putAdapter(base, await readAdapter(folder), folder);
}

/** {@link loadAdapter} for a folder that has already been read, to see which model it names. */
export async function putAdapter(base: Policy, { config, tensors }: AdapterFile, folder: string): Promise<Policy> {
  const adapter: LoraConfig = {
    rank: config.rank,
    alpha: config.alpha,
    targets: [...tensors.keys()],
    ...(config.rsLora && { rsLora: true }),
    ...(config.dropout > 0 && { dropout: config.dropout }),
  };
  const parameters = new Map(
    [...tensors].flatMap(
      ([name, { a, b }]) =>
        [
          [loraNames(name).a, a],
          [loraNames(name).b, b],
        ] as const,
    ),
  );
  checkFits(base.config, adapter, parameters, folder);
  return base.withAdapter(adapter, parameters);
}

function checkFits(
  config: ModelConfig,
  adapter: LoraConfig,
  parameters: ReadonlyMap<string, Tensor>,
  folder: string,
): void {
  const shapes = loraShapes(config, adapter);
  for (const [name, { shape }] of parameters) {
    const expected = shapes.get(name);
    if (expected && sameShape(expected, shape)) continue;
    throw inputError(
      { file: folder },
      `the matrix ${quote(name)} of shape [${shape}]`,
      expected
        ? `[${expected}], as the model it is put on has it`
        : "an adapter for this model, which has no such layer",
    );
  }
}
