import type { State } from "../../engine/engine.js";
import type { ProgramCache } from "../../engine/program-cache.js";
import { parameterBytes } from "../parameters/memory.js";
import { parameterCount } from "../parameters/parameters.js";
import type { Policy } from "./policy.js";

/** What reads with a model: its programs, and where they find its parameters. */
export type Reader = Pick<Policy, "programs" | "config" | "tokenizer" | "states">;

/** Parameters up to which a program has too little arithmetic to be divided among threads (docs/benchmarks.md). */
const mostParameters = 10e6;

/** What work in parts takes, in bytes. */
export interface LaneMemory {
  /** What is left beside the model. */
  readonly room: number;
  /** What a part takes of it. */
  readonly part: number;
  /** Copies of the parameters that a part needs in its engine, those of sessions among them. */
  readonly copies: number;
}

/**
 * Where the parts of some work are done beside each other: in engines of one thread each. None where one engine with all its
 * threads is faster, or where there is no room. The results are the same, whichever it is.
 *
 * @param parts how many there are
 */
export function lanesFor(
  { programs, config }: Pick<Reader, "programs" | "config">,
  parts: number,
  { room, part, copies }: LaneMemory,
): readonly ProgramCache[] {
  if (parameterCount(config) > mostParameters) return [];
  const fitting = Math.floor(room / (part + copies * parameterBytes(config)));
  const lanes = programs.lanes.slice(0, Math.min(parts, fitting));
  return lanes.length > 1 ? lanes : [];
}

/**
 * Does the parts of some work on lanes, to which the models' parameters are copied, and yields the results in the order of the
 * parts. Without lanes they are done one after the other, each when it is asked for. Whoever stops taking them ends the work.
 *
 * @param models that are read; `work` is given a reader for each, in their order
 */
export async function* inLanes<Part, Result>(
  lanes: readonly ProgramCache[],
  models: readonly Policy[],
  parts: readonly Part[],
  work: (part: Part, readers: readonly Reader[], signal?: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Result> {
  if (lanes.length === 0) {
    for (const part of parts) yield await work(part, models, signal);
    return;
  }
  const left = new AbortController();
  const stopped = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const copied: State[] = [];
  let results: Promise<Result>[] = [];
  try {
    const readers = await copiedTo(lanes, models, copied);
    const last: Promise<unknown>[] = lanes.map(() => Promise.resolve());
    results = parts.map((part, i) => {
      const lane = i % lanes.length;
      const result = last[lane]!.then(() => {
        stopped.throwIfAborted();
        return work(part, readers[lane]!, stopped);
      });
      last[lane] = result;
      return result;
    });
    // Each is waited for in its turn; one that fails before it is no error that nobody hears of.
    for (const result of results) result.catch(() => {});
    for (const result of results) yield await result;
  } finally {
    left.abort();
    await Promise.allSettled(results);
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
