import type { OpName } from "../../graph/attributes.js";
import type { ArrayOf, DType, Tensor as Numbers } from "../../graph/tensor.js";
import { checkFits, feedOf, get, lookUp, owner } from "../thread/bindings.js";
import type { Leaf } from "../thread/calls.js";
import type { Handlers } from "../thread/serve.js";
import type { BackendName } from "./backend-names.js";
import { lowerings, type Kernel } from "./lowerings.js";
import type { Plan, PlanNode } from "./plan.js";
import { Transposes } from "./transposes.js";
import { tfType, Workbench, type Tensor, type Tf } from "./workbench.js";

type States = Map<string, Tensor>;

interface PreparedPlan {
  readonly plan: Plan;
  /** The kernel of each node; undefined for leaves. */
  readonly kernels: readonly (Kernel | undefined)[];
  readonly workbench: Workbench;
}

/**
 * Runs plans op by op on a backend of TensorFlow.js. State stays on the device; a run frees each intermediate result after its
 * last reader, and all of them if an op fails. State is updated after the whole graph has run, or not at all.
 *
 * @param isHurried whether a run must stop before its next op
 */
export function runtime(tf: Tf, backend: BackendName, isHurried: () => boolean): Handlers<Plan> {
  const states = new Map<number, States>();
  const plans = new Map<number, PreparedPlan>();
  const transposes = new Transposes(tf);
  let created = 0;

  return {
    device: () => backend,

    createState() {
      states.set(++created, new Map());
      return created;
    },

    writeState(id, name, { dtype, shape, data }) {
      const state = get(states, id, "state");
      set(
        state,
        name,
        onDevice(`the tensor "${name}" ${dtype}[${shape}]`, () => tf.tensor(data, [...shape], tfType(dtype))),
      );
    },

    async readState(id, names) {
      const state = get(states, id, "state");
      const read: [string, Numbers][] = [];
      for (const name of names) read.push([name, await numbersOf(lookUp(name, [state]))]);
      return read;
    },

    freeState(id) {
      for (const tensor of states.get(id)?.values() ?? []) free(tensor);
      states.delete(id);
    },

    prepare(plan) {
      const workbench = new Workbench(tf, backend, transposes);
      try {
        const kernels = plan.nodes.map((node) => kernelOf(node, workbench));
        plans.set(++created, { plan, kernels, workbench });
      } catch (error) {
        workbench.clear();
        throw error;
      }
      return created;
    },

    async run(id, feeds, stateIds) {
      const { plan, kernels } = get(plans, id, "program");
      const bound = stateIds.map((state) => get(states, state, "state"));
      const values: (Tensor | undefined)[] = [];
      try {
        for (const [i, node] of plan.nodes.entries()) {
          if (isHurried()) throw new Error("the engine is closed");
          values[i] =
            leafOf(node, feeds, bound) ??
            compute(
              node,
              kernels[i]!,
              node.inputs.map((input) => values[input.node]!),
            );
          for (const free of node.frees) {
            values[free]!.dispose();
            values[free] = undefined;
          }
        }
        const outputs: Record<string, Numbers> = {};
        for (const [name, node] of plan.outputs) outputs[name] = await numbersOf(values[node]!);
        for (const [name, node] of plan.updates) set(owner(name, bound), name, another(values[node]!));
        return outputs;
      } finally {
        for (const value of values) value?.dispose();
      }
    },

    release(id) {
      get(plans, id, "program").workbench.clear();
      plans.delete(id);
    },
  };

  /** A new handle on the tensor of an input or a state; undefined for other ops. */
  function leafOf(
    node: PlanNode,
    feeds: Parameters<Handlers<Plan>["run"]>[1],
    bound: readonly States[],
  ): Tensor | undefined {
    if (node.op === "input") {
      const leaf = node.attributes as Leaf;
      return tf.tensor(feedOf(leaf, feeds), [...leaf.shape], tfType(leaf.dtype));
    }
    if (node.op !== "state") return undefined;
    const leaf = node.attributes as Leaf;
    const tensor = lookUp(leaf.name, bound);
    checkFits(leaf, tensor.dtype, tensor.shape);
    return another(tensor);
  }

  /** The result of an op, as a handle that is not shared. */
  function compute(node: PlanNode, kernel: Kernel, inputs: readonly Tensor[]): Tensor {
    const what = `${node.op}(${node.inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(", ")})`;
    return onDevice(what, () =>
      tf.tidy(() => {
        const result = kernel(...inputs);
        return inputs.includes(result) || node.op === "constant" ? another(result) : result;
      }),
    );
  }

  /** Does work that may fail for lack of a kernel or memory, with an error that names the device. */
  function onDevice(what: string, work: () => Tensor): Tensor {
    try {
      return work();
    } catch (error) {
      const { numTensors, numBytes } = tf.memory();
      const { message } = error as Error;
      // The only sign of a WebAssembly memory that cannot grow any further.
      const isFull = backend === "wasm" && /^Aborted\(|out of bounds/.test(message);
      throw new Error(
        `${what} failed on tfjs's backend ${backend}, which holds ${(numBytes / 1e6).toFixed(0)} MB in ${numTensors} tensors: ` +
          (isFull
            ? "out of memory, which is 4 GB at most; its state is lost, start again with smaller batches"
            : message),
        { cause: error },
      );
    }
  }

  /** Another handle on the same numbers, to be disposed separately. Not a clone: on wasm that copies. */
  function another(tensor: Tensor): Tensor {
    return tf.reshape(tensor, tensor.shape);
  }

  function set(state: States, name: string, tensor: Tensor): void {
    const old = state.get(name);
    if (old) free(old);
    state.set(name, tensor);
  }

  function free(tensor: Tensor): void {
    transposes.forget(tensor);
    tensor.dispose();
  }
}

function kernelOf(node: PlanNode, workbench: Workbench): Kernel | undefined {
  if (node.op === "input" || node.op === "state") return undefined;
  return (lowerings[node.op] as (node: PlanNode<OpName>, workbench: Workbench) => Kernel)(node, workbench);
}

/** A copy of a tensor's numbers: the CPU backend returns the memory it computes in. */
async function numbersOf(tensor: Tensor): Promise<Numbers> {
  const data = (await tensor.data()) as ArrayOf[DType];
  return { dtype: tensor.dtype as DType, shape: tensor.shape, data: data.slice() as ArrayOf[DType] };
}
