import { existsSync, readdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { inputError, quote } from "../../../base/errors.js";
import { writeJson } from "../../../base/files.js";
import { readText } from "../../../base/read-json.js";
import type { Tensor } from "../../../graph/tensor.js";
import { readSafetensors, writeSafetensors } from "../safetensors/safetensors.js";
import { writeFolder } from "../../../base/write-folder.js";
import { adapterConfigFields, parseAdapterConfig, type AdapterConfig } from "./adapter-config.js";
import { isWeightFile } from "../weight-files.js";

/** The two matrices of one adapted layer. */
export interface LoraPair {
  /** [rank, in] */
  readonly a: Tensor<"float32">;
  /** [out, rank] */
  readonly b: Tensor<"float32">;
}

/** A LoRA adapter in PEFT's format. */
export interface AdapterFile {
  readonly config: AdapterConfig;
  /** By the layer's name in the base model, such as `model.layers.0.self_attn.q_proj`. */
  readonly tensors: ReadonlyMap<string, LoraPair>;
}

type Pairs = AdapterFile["tensors"];

const configFile = "adapter_config.json";
const weightsFile = "adapter_model.safetensors";
const prefix = "base_model.model.";
const suffixes = { a: ".lora_A.weight", b: ".lora_B.weight" } as const;

/** Whether a file name belongs to an adapter's folder. */
export function isAdapterFile(name: string): boolean {
  return name === configFile || name === weightsFile;
}

/**
 * Whether a folder contains an adapter. A `config.json` of its base model next to it has no effect.
 *
 * @throws InputError if it also contains a whole model, because it is ambiguous which is meant
 */
export function isAdapterFolder(folder: string): boolean {
  if (!existsSync(join(folder, configFile))) return false;
  const whole = readdirSync(folder).find((name) => isWeightFile(name) || name.endsWith(".gguf"));
  if (whole === undefined) return true;
  throw inputError(
    { file: folder },
    `an adapter (${configFile}) and a whole model (${whole})`,
    "one of them; put the adapter into a folder of its own, and load that for the model with the adapter",
  );
}

/**
 * Reads a folder with a LoRA adapter in PEFT's layout; half precision is widened to float32.
 *
 * @throws InputError if a file is missing or broken, the adapter is of an unsupported kind, or its matrices do not match each
 *   other or the config's rank
 */
export async function readAdapter(folder: string): Promise<AdapterFile> {
  const file = join(folder, configFile);
  const config = parseAdapterConfig(await readText(file, "a LoRA adapter in PEFT's layout"), file);
  await refusePickle(folder);
  const path = join(folder, weightsFile);
  const { tensors: stored } = await readSafetensors(path);
  const tensors = pairUp(stored, path);
  checkPairs(config, tensors, path);
  return { config, tensors };
}

async function refusePickle(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.includes(weightsFile) || !names.includes("adapter_model.bin")) return;
  const found = "adapter_model.bin, a pickle: loading one can run any code that it holds";
  throw inputError({ file: folder }, found, `${weightsFile} (save_pretrained of PEFT writes it)`);
}

function pairUp(stored: ReadonlyMap<string, Tensor<"float32">>, path: string): Pairs {
  const halves = new Map<string, Partial<LoraPair>>();
  for (const [name, tensor] of stored) {
    const side = name.endsWith(suffixes.a) ? "a" : name.endsWith(suffixes.b) ? "b" : undefined;
    if (side === undefined || !name.startsWith(prefix)) {
      throw inputError(
        { file: path },
        `tensor ${quote(name, 120)}`,
        `only ${prefix}….lora_A.weight and ….lora_B.weight`,
      );
    }
    const module = name.slice(prefix.length, -suffixes[side].length);
    halves.set(module, { ...halves.get(module), [side]: tensor });
  }
  const pairs = new Map<string, LoraPair>();
  for (const [module, { a, b }] of halves) {
    if (a === undefined || b === undefined) {
      const missing = a === undefined ? "lora_A" : "lora_B";
      throw inputError({ file: path }, `no ${missing}.weight of ${quote(module, 120)}`, "both of its matrices");
    }
    pairs.set(module, { a, b });
  }
  return pairs;
}

function checkPairs({ rank }: AdapterConfig, pairs: Pairs, file: string): void {
  if (pairs.size === 0) throw inputError({ file }, "no adapted layer", "at least one");
  for (const [module, { a, b }] of pairs) {
    const fits = a.shape.length === 2 && b.shape.length === 2 && a.shape[0] === rank && b.shape[1] === rank;
    if (fits) continue;
    const found = `${quote(module, 120)} with lora_A [${a.shape}] and lora_B [${b.shape}]`;
    throw inputError({ file }, found, `[${rank},in] and [out,${rank}], because r = ${rank}`);
  }
}

/**
 * Writes a LoRA adapter in float32 as a folder that PEFT loads, atomically. An existing adapter is replaced. The same adapter
 * gives the same bytes.
 *
 * @throws InputError if the matrices do not match each other or the config's rank, or `folder` contains files that do not belong
 *   to an adapter
 */
export async function writeAdapter(folder: string, { config, tensors }: AdapterFile): Promise<void> {
  checkPairs(config, tensors, folder);
  const stored = [...tensors].flatMap(([module, { a, b }]) => [
    [`${prefix}${module}${suffixes.a}`, a] as const,
    [`${prefix}${module}${suffixes.b}`, b] as const,
  ]);
  await writeFolder(folder, "an adapter", isAdapterFile, async (partial) => {
    await writeSafetensors(join(partial, weightsFile), stored);
    await writeJson(join(partial, configFile), adapterConfigFields(config));
  });
}
