import type { Program } from "../../src/engine/engine.js";
import type { BackendName } from "../../src/engine/tfjs/backend-names.js";
import { planOf } from "../../src/engine/tfjs/plan.js";
import { runtime } from "../../src/engine/tfjs/runtime.js";
import type { Tf } from "../../src/engine/tfjs/workbench.js";
import type { Tensor } from "../../src/graph/index.js";

/** Does the work of the tfjs engine's thread in this thread, synchronously if possible. */
export function openRuntime(tf: Tf, backend: BackendName, isHurried = () => false) {
  const calls = runtime(tf, backend, isHurried);
  const create = (tensors: Iterable<readonly [string, Tensor]>) => {
    const id = calls.createState() as number;
    for (const [name, numbers] of tensors) calls.writeState(id, name, numbers);
    return id;
  };
  const prepare = (program: Program) => calls.prepare(planOf(program)) as number;
  const read = async (state: number, name: string) => (await calls.readState(state, [name]))[0]![1].data;
  return { ...calls, create, prepare, read };
}
