import { InvalidArgumentError, Option, type Command } from "commander";
import { InputError } from "../base/errors.js";
import { stat } from "node:fs/promises";
import { loadModelOn } from "../cells/load-model.js";
import type { ProgramCache } from "../engine/program-cache.js";
import { weightsNamed, weightsNames, type WeightsName } from "../model/parameters/quantization/quantized-weights.js";
import type { Policy } from "../model/policy/policy.js";
import { isPreset } from "../model/presets.js";
import { number, share, whole } from "./options.js";

/** Options of every verb that loads a model to train. */
export interface ModelArguments {
  readonly model: string;
  readonly modelRevision?: string;
  readonly weights?: WeightsName;
  readonly loraRank?: number;
  readonly loraAlpha?: number;
  readonly loraDropout?: number;
  readonly loraTargets?: readonly string[];
  readonly seed?: number;
}

export function modelOptions(command: Command): Command {
  return command
    .optionsGroup("Model:")
    .requiredOption(
      "--model <name>",
      "checkpoint or adapter folder, GGUF file, org/name on the Hugging Face hub (org/name:Q8_0 for a GGUF file there), or a preset to train from scratch: world, tiny, small, base",
    )
    .option("--model-revision <name>", "branch, tag or commit of a hub model (default: main)")
    .addOption(weightsOption("to train on them, give --lora-rank too"))
    .option(
      "--lora-rank <r>",
      "train a LoRA adapter of this rank instead of the whole model (default: no adapter)",
      whole(1),
    )
    .option("--lora-alpha <α>", "scale of the adapter (default: twice the rank)", number)
    .option("--lora-dropout <share>", "dropout of the adapter's inputs (default: 0)", share)
    .option(
      "--lora-targets <names>",
      "layers to adapt, by the last part of their names, separated by commas (default: all linear layers except the head)",
      names,
    );
}

/**
 * The `--weights` option: how a model's matrices are stored.
 *
 * @param note additional text for its description
 */
export function weightsOption(note?: string): Option {
  return new Option(
    "--weights <type>",
    `how the model's matrices are stored: ${weightsNames.join(", ")}${note === undefined ? "" : `; ${note}`} (default: float32)`,
  ).argParser(parseWeights);
}

function parseWeights(text: string): WeightsName {
  try {
    return weightsNamed(text) ?? "float32";
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message.replace("weights: ", ""));
  }
}

/**
 * Loads or creates the start model of a run; the caller must free it.
 *
 * @param texts source of a preset's vocabulary
 * @throws InputError as {@link loadModel}, or for adapter settings without a rank
 */
export async function openStart(
  model: ModelArguments,
  texts: () => Iterable<string>,
  programs: ProgramCache,
): Promise<Policy> {
  const {
    modelRevision: revision,
    weights,
    loraRank: rank,
    loraAlpha: alpha,
    loraDropout: dropout,
    loraTargets: targets,
    seed,
  } = model;
  if (rank === undefined && (alpha ?? dropout ?? targets) !== undefined) {
    throw new InputError(
      `--lora-${alpha !== undefined ? "alpha" : dropout !== undefined ? "dropout" : "targets"}: there is no adapter; give --lora-rank too`,
    );
  }
  const lora =
    rank === undefined
      ? undefined
      : {
          rank,
          ...(alpha !== undefined && { alpha }),
          ...(dropout !== undefined && { dropout }),
          ...(targets && { targets }),
        };
  return loadModelOn(programs, model.model, {
    revision,
    lora,
    weights,
    seed,
    ...((await isFromScratch(model.model)) && { texts }),
  });
}

/** Whether `--model` names a model to train from scratch; a folder of that name takes precedence. */
export async function isFromScratch(model: string): Promise<boolean> {
  return isPreset(model) && (await stat(model).catch(() => undefined)) === undefined;
}

const names = (text: string) => text.split(",").map((name) => name.trim());
