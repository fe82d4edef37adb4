import type { State } from "../../engine/engine.js";
import type { ProgramCache } from "../../engine/program-cache.js";
import type { ModelConfig } from "../config.js";
import { parameterBytes } from "../parameters/memory.js";
import { parameterCount } from "../parameters/parameters.js";
import type { Policy } from "../policy/policy.js";
import { frozenCopies } from "./freezing.js";

/** What reads with a model: its programs, and where they find its parameters. */
export type Reader = Pick<Policy, "programs" | "config" | "tokenizer" | "states">;

/** Parameters up to which a token has too little arithmetic to be divided among threads (docs/benchmarks.md). */
const mostParameters = 10e6;

/** Whether batches are written beside each other where there are the threads and the memory. */
export function writesInLanes(config: ModelConfig): boolean {
  return parameterCount(config) <= mostParameters;
}

/**
 * Where batches are written beside each other: in engines of one thread each. None where one engine with all its threads is
 * faster, or where there is no room. The responses are the same, whichever it is.
 *
 * @param batches how many there are to write
 * @param memory bytes that are left beside the model, and what writing one batch takes of them
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
 * Writes batches on lanes, to which the models' parameters are copied, and yields the results in the order of the batches. Without
 * lanes, batches are written one at a time, as the caller asks for them. If the caller stops iterating, the writing stops.
 *
 * @param models that are read; `write` is given a reader for each, in their order
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
    // They are awaited in order below. A batch that fails before its turn must not count as an unhandled rejection.
    for (const each of written) each.catch(() => {});
    for (const each of written) yield await each;
  } finally {
    left.abort();
    await Promise.allSettled(written);
    for (const state of copied) await state.free();
  }
}

/** A reader for each model in each lane. @param copied takes the states that are made */
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
