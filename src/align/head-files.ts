import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Parameters } from "../model/parameters/parameters.js";
import { readSafetensors, writeSafetensors } from "../model/checkpoint/safetensors/safetensors.js";

/** Beside the files of the model whose hidden states the head reads. */
const fileIn = (folder: string) => join(folder, "head.safetensors");

/** Writes the head that was trained beside a model into the model's folder; nothing where there is none. */
export async function writeHead(folder: string, head: Parameters): Promise<void> {
  if (head.size > 0) await writeSafetensors(fileIn(folder), head);
}

/**
 * The head in a model's folder; undefined where there is none.
 *
 * @throws InputError if its file is damaged
 */
export async function readHead(folder: string): Promise<Parameters | undefined> {
  return existsSync(fileIn(folder)) ? (await readSafetensors(fileIn(folder))).tensors : undefined;
}
