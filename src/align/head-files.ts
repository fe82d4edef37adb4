import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Parameters } from "../model/parameters/parameters.js";
import { readSafetensors, writeSafetensors } from "../model/checkpoint/safetensors/safetensors.js";

/** The head is stored with the files of the model whose hidden states it reads. */
const fileIn = (folder: string) => join(folder, "head.safetensors");

/** Writes the head trained along with a model into the model's folder; does nothing without a head. */
export async function writeHead(folder: string, head: Parameters): Promise<void> {
  if (head.size > 0) await writeSafetensors(fileIn(folder), head);
}

/**
 * Reads the head in a model's folder; undefined if there is none.
 *
 * @throws InputError if its file is damaged
 */
export async function readHead(folder: string): Promise<Parameters | undefined> {
  return existsSync(fileIn(folder)) ? (await readSafetensors(fileIn(folder))).tensors : undefined;
}
