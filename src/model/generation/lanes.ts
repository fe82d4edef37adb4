import type { State } from "../../engine/engine.js";
import type { ProgramCache } from "../../engine/program-cache.js";
import type { ModelConfig } from "../config.js";
import { parameterBytes } from "../parameters/memory.js";
import { parameterCount } from "../parameters/parameters.js";
import type { Policy } from "../policy/policy.js";
import { frozenCopies } from "./freezing.js";

/** The parts of a policy that reading with it requires: its programs, and the states of its parameters. */
export type Reader = Pick<Policy, "programs" | "config" | "tokenizer" | "states">;

/** Largest parameter count at which a token has too little arithmetic to divide among threads (docs/benchmarks.md). */
const mostParameters = 10e6;

/** Whether batches run side by side, given enough threads and memory. */
export function writesInLanes(config: ModelConfig): boolean {
  return parameterCount(config) <= mostParameters;
}

/**
 * Returns the single-threaded engines on which batches run side by side; empty if one engine with all its threads is faster, or
 * if there is no room. The responses are the same either way.
 *
 * @param batches number of batches
 * @param memory `room`: bytes left beside the model; `batch`: bytes that one batch takes
 */
export function lanesFor(
  { programs, config }: Pick<Reader, "programs" | "config">,
  batches: number,
  memory: { readonly room: number; readonly batch: number },
): readonly ProgramCache[] {
  if (!writesInLanes(config)) return [];
  const fitting = Math.floor(memory.room / (memory.batch + (1 + frozenCopies) * parameterBytes(config)));
  const lanes = programs.lanes.slice(0, Math.min(batches, fitting));
  return lanes.length > 1 ? lanes : [];
}

/**
 * Runs batches on lanes, to which the models' parameters are copied, and yields the results in batch order. Without lanes,
 * batches run one at a time, on demand. If the caller stops iterating, generation stops.
 *
 * @param models to read with; `write` receives a reader for each, in order
 */
export async function* inLanes<Batch, Written>(
  lanes: readonly ProgramCache[],
  models: readonly Policy[],
  batches: readonly Batch[],
  write: (batch: Batch, readers: readonly Reader[], signal?: AbortSignal) => Promise<Written>,
  signal?: AbortSignal,
): AsyncGenerator<Written> {
  if (lanes.length === 0) {
    for (const batch of batches) yield await write(batch, models, signal);
    return;
  }
  const left = new AbortController();
  const stopped = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const copied: State[] = [];
  let written: Promise<Written>[] = [];
  try {
    const readers = await copiedTo(lanes, models, copied);
    const last: Promise<unknown>[] = lanes.map(() => Promise.resolve());
    written = batches.map((batch, i) => {
      const lane = i % lanes.length;
      const each = last[lane]!.then(() => write(batch, readers[lane]!, stopped));
      last[lane] = each;
      return each;
    });
    // They are awaited in order below. A batch that fails before its turn must not cause an unhandled rejection.
    for (const each of written) each.catch(() => {});
    for (const each of written) yield await each;
  } finally {
    left.abort();
    await Promise.allSettled(written);
    for (const state of copied) await state.free();
  }
}

/** A reader for each model in each lane. @param copied collects the states that are created */
async function copiedTo(
  lanes: readonly ProgramCache[],
  models: readonly Policy[],
  copied: State[],
): Promise<Reader[][]> {
  const readers = lanes.map(() => new Map<Policy, Reader>());
  for (const model of new Set(models)) {
    const { config, tokenizer } = model;
    const states: State[][] = lanes.map(() => []);
    for (const state of model.states) {
      const tensors = await state.read();
      for (const [lane, programs] of lanes.entries()) {
        const copy = await programs.engine.createState(tensors);
        copied.push(copy);
        states[lane]!.push(copy);
      }
    }
    for (const [lane, programs] of lanes.entries())
      readers[lane]!.set(model, { programs, config, tokenizer, states: states[lane]! });
  }
  return readers.map((of) => models.map((model) => of.get(model)!));
}
