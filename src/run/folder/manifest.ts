import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { MemoryChoice } from "../../align/memory-plan.js";
import { InputError } from "../../base/errors.js";
import { readTextIfPresent, writeFileAtomic } from "../../base/files.js";
import { memoryChoice } from "./schemas.js";

const seal = z.object({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** A file's content when it was recorded. */
export interface Seal {
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly format: 1;
  /** Finished results by path; they no longer change. */
  readonly files: Readonly<Record<string, Seal>>;
  /** The recorded part of files that still grow. Anything beyond it was being written when the run stopped. */
  readonly growing: Readonly<Record<string, Seal>>;
  /** The checkpoint from which an interrupted training resumes. */
  readonly checkpoint: (Seal & { readonly path: string; readonly iteration: number }) | null;
  /** Seconds of work by iteration and kind; they accumulate across interruptions. */
  readonly seconds: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /**
   * Memory budget of the run in bytes, which stays the same when a begun training resumes with more or less, and how the
   * training of each iteration fits into it.
   */
  readonly memory?: { readonly bytes: number; readonly trainings: Readonly<Record<string, MemoryChoice>> } | undefined;
}

const content: z.ZodType<Manifest> = z.object({
  format: z.literal(1),
  files: z.record(z.string(), seal),
  growing: z.record(z.string(), seal),
  checkpoint: z.object({ path: z.string(), iteration: z.int().nonnegative(), ...seal.shape }).nullable(),
  seconds: z.record(z.string(), z.record(z.string(), z.number().nonnegative())),
  memory: z.object({ bytes: z.int().positive(), trainings: z.record(z.string(), memoryChoice) }).optional(),
});

const onDisk = z.object({ sha256: z.string(), manifest: z.unknown() });

const name = "manifest.json";

export const emptyManifest = (): Manifest => ({ format: 1, files: {}, growing: {}, checkpoint: null, seconds: {} });

/**
 * Reads `manifest.json` of a run's folder; undefined if there is none yet.
 *
 * @throws InputError if it is damaged
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const file = join(folder, name);
  const text = await readTextIfPresent(file);
  if (text === undefined) return undefined;
  const read = parsed(text);
  if (read) return read;
  throw new InputError(
    `${file}: damaged, so that nothing in the folder can be checked; redo the run from iteration 0 (\`redoFrom: 0\`), or use another folder`,
  );
}

/** Writes `manifest.json` atomically; call it after everything that it records is on disk. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const sha256 = sha256Of(JSON.stringify(manifest));
  await writeFileAtomic(join(folder, name), `${JSON.stringify({ sha256, manifest }, null, 1)}\n`);
}

function parsed(text: string): Manifest | undefined {
  try {
    const { sha256, manifest } = onDisk.parse(JSON.parse(text));
    return sha256Of(JSON.stringify(manifest)) === sha256 ? content.parse(manifest) : undefined;
  } catch {
    return undefined;
  }
}

export function sha256Of(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Computes size and digest of a file, or of its first `bytes`. */
export async function sealOf(file: string, bytes = Infinity): Promise<Seal & { readonly hash: Hash }> {
  const hash = createHash("sha256");
  let size = 0;
  if (bytes > 0) {
    for await (const chunk of createReadStream(file, bytes === Infinity ? {} : { end: bytes - 1 })) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
  }
  return { bytes: size, sha256: hash.copy().digest("hex"), hash };
}
