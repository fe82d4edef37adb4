import type { Command } from "commander";
import { stat } from "node:fs/promises";
import { loadModelOn } from "../cells/load-model.js";
import type { ProgramCache } from "../engine/program-cache.js";
import type { Policy } from "../model/policy.js";
import { isPreset } from "../model/presets.js";
import { number, whole } from "./options.js";

/** Options of every verb that loads a model to be trained. */
export interface ModelArguments {
  readonly model: string;
  readonly modelRevision?: string;
  readonly loraRank?: number;
  readonly loraAlpha?: number;
  readonly loraDropout?: number;
  readonly loraTargets?: readonly string[];
  readonly seed?: number;
}

export function modelOptions(command: Command): Command {
  return command
    .requiredOption("--model <name>", "a checkpoint or adapter folder, org/name on the Hugging Face hub, or a preset to train from scratch: world, tiny, small, base")
    .option("--model-revision <name>", "branch, tag or commit of a model of the hub (default: main)")
    .option("--lora-rank <r>", "train an adapter of this rank (LoRA) instead of the whole model", whole(1))
    .option("--lora-alpha <α>", "scale of the adapter (default: twice the rank)", number)
    .option("--lora-dropout <share>", "share of the adapter's inputs that are dropped in training (default: 0)", number)
    .option("--lora-targets <names>", "layers that get an adapter, by the ends of their names, with commas between (default: all linear layers but the head)", names);
}

/**
 * The model that a run begins from, to be freed by the caller.
 *
 * @param texts what a preset learns its vocabulary from
 * @throws InputError as {@link loadModel}
 */
export async function openStart(model: ModelArguments, texts: () => Iterable<string>, programs: ProgramCache): Promise<Policy> {
  const { modelRevision: revision, loraRank: rank, loraAlpha: alpha, loraDropout: dropout, loraTargets: targets, seed } = model;
  const lora = rank === undefined ? undefined : { rank, ...(alpha !== undefined && { alpha }), ...(dropout !== undefined && { dropout }), ...(targets && { targets }) };
  return loadModelOn(programs, model.model, { revision, lora, seed, ...((await isFromScratch(model.model)) && { texts }) });
}

/** Whether `--model` names a model to be trained from scratch; a folder of that name comes first. */
export async function isFromScratch(model: string): Promise<boolean> {
  return isPreset(model) && (await stat(model).catch(() => undefined)) === undefined;
}

const names = (text: string) => text.split(",").map((name) => name.trim());
