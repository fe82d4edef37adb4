import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Engine } from "../../engine/engine.js";
import { openCheckpoint, type OpenCheckpoint } from "../checkpoint/checkpoint.js";
import { isGgufName, partsOfFile } from "../checkpoint/gguf/file-names.js";
import type { QuantizedWeights } from "../config.js";
import { withWeights } from "../parameters/quantization/quantized-weights.js";
import { requireHolding, tensorsToHold } from "./held-parameters.js";
import { SharedState } from "./shared-state.js";

/** A checkpoint whose parameters are in an engine and shared. */
export interface Base extends Omit<OpenCheckpoint, "weights"> {
  readonly state: SharedState;
}

/** Bases that are loaded or being loaded, by quantisation and the identity of their files. */
const held = new WeakMap<Engine, Map<string, Promise<Base>>>();

/**
 * Loads a checkpoint as the base of adapters, or shares the copy already loaded on the same engine from the same files
 * with the same quantisation. The caller must release its `state`; see {@link loadCheckpoint} for the errors.
 */
export async function holdBase(engine: Engine, folder: string, weights?: QuantizedWeights): Promise<Base> {
  const bases = held.get(engine) ?? new Map<string, Promise<Base>>();
  held.set(engine, bases);
  // Computed before the files are read: if they change meanwhile, the next caller gets a different identity.
  const key = `${weights ?? ""} ${await filesIdentity(folder)}`;
  // The last holder may have released it between our lookup and the answer.
  for (let found = bases.get(key); found !== undefined; found = bases.get(key)) {
    const base = await found;
    if (base.state.isFreed) continue;
    base.state.hold();
    return base;
  }
  const forget = () => {
    if (bases.get(key) === loading) bases.delete(key);
  };
  const loading = loadBase(engine, folder, weights, forget);
  bases.set(key, loading);
  loading.catch(forget);
  return loading;
}

async function loadBase(
  engine: Engine,
  folder: string,
  held: QuantizedWeights | undefined,
  forget: () => void,
): Promise<Base> {
  const { weights, config: stored, ...rest } = await openCheckpoint(folder);
  try {
    const config = withWeights(stored, held);
    await requireHolding(engine, config);
    return {
      ...rest,
      config,
      state: new SharedState(await engine.createState(tensorsToHold(config, weights)), forget),
    };
  } finally {
    await weights.close();
  }
}

/**
 * Identity of a model's files, in a folder or GGUF: the real path, inode, size and times of each. Changes when any is
 * written or replaced.
 */
async function filesIdentity(path: string): Promise<string> {
  const isFile = isGgufName(path);
  const folder = isFile ? dirname(path) : path;
  // A folder that cannot be listed cannot be loaded either; loading then reports why.
  const names = isFile ? partsOfFile(path).map((part) => basename(part)) : await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names.toSorted().map(async (name) => {
      const each = join(folder, name);
      const found = await stat(each, { bigint: true }).catch(() => undefined);
      if (!found?.isFile()) return [name];
      const { dev, ino, size, mtimeNs, ctimeNs } = found;
      return [await realpath(each), ...[dev, ino, size, mtimeNs, ctimeNs].map(String)];
    }),
  );
  return JSON.stringify(files);
}
