import type { Engine } from "../src/engine/engine.js";
import type { Tensor } from "../src/graph/tensor.js";

/** The states of an engine that were created since counting began. */
export interface StateCount {
  /** Number of states that have not been freed. */
  readonly states: number;
  /** Bytes of their tensors. */
  readonly bytes: number;
  /** Number of states ever created. */
  readonly created: number;
}

/** Counts the states of an engine from now on; the returned function gives the current count. */
export function countStates(engine: Engine): () => StateCount {
  const alive = new Map<number, number>();
  let created = 0;
  const create = engine.createState.bind(engine);
  engine.createState = async (tensors) => {
    let bytes = 0;
    const counted = function* (some: Iterable<readonly [string, Tensor]>) {
      for (const tensor of some) {
        bytes += tensor[1].data.byteLength;
        yield tensor;
      }
    };
    const countedLate = async function* (some: AsyncIterable<readonly [string, Tensor]>) {
      for await (const tensor of some) yield* counted([tensor]);
    };
    const state = await create(Symbol.asyncIterator in tensors ? countedLate(tensors) : counted(tensors));
    const id = created++;
    alive.set(id, bytes);
    const free = state.free.bind(state);
    state.free = async () => {
      if (!alive.delete(id)) throw new Error("a state was freed twice");
      await free();
    };
    return state;
  };
  return () => ({ states: alive.size, bytes: [...alive.values()].reduce((sum, bytes) => sum + bytes, 0), created });
}
