import { parentPort, workerData } from "node:worker_threads";
import * as ort from "onnxruntime-node";
import { sizeOf, type Tensor } from "../../graph/tensor.js";
import type { Feeds } from "../engine.js";
import { Gate } from "./gate.js";
import { inputName, outputName, stateName, updateName } from "./lower.js";
import { deviceMemory, hostMemory, unwrap, wrap } from "./memory.js";
import { keepsState } from "./providers.js";
import { writeRows } from "./row-writes.js";
import type { Calls, Leaf, PreparedProgram, Request, Response, WorkerData } from "./protocol.js";

/*
 * The thread in which onnxruntime runs: session.run blocks until the last op is done, so it must
 * not stand on the event loop. State lives here; what the other side sees are numbers for it.
 */

interface Session {
  readonly session: ort.InferenceSession;
  readonly program: PreparedProgram;
}

const { settings, gate: shared } = workerData as WorkerData;
const gate = new Gate(shared);
const states = new Map<number, Map<string, ort.Tensor>>();
const sessions = new Map<number, Session>();
let created = 0;

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

function createSession(model: Uint8Array, options: ort.InferenceSession.SessionOptions): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, {
    executionProviders: [settings.provider],
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    enableCpuMemArena: true,
    // The same speed and far less memory than with planned allocation patterns.
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...options,
  });
}

const memory = keepsState(settings.provider) ? deviceMemory(createSession) : hostMemory;

function get<T>(table: ReadonlyMap<number, T>, id: number, what: string): T {
  const found = table.get(id);
  if (found === undefined) throw new Error(`this ${what} has been freed`);
  return found;
}

const calls: { [K in keyof Calls]: (...args: Parameters<Calls[K]>) => ReturnType<Calls[K]> | Promise<ReturnType<Calls[K]>> } = {
  createState() {
    states.set(++created, new Map());
    return created;
  },

  async writeState(id, name, tensor) {
    const state = get(states, id, "state");
    put(state, name, await memory.keep(tensor));
  },

  async readState(id, names) {
    const state = get(states, id, "state");
    const tensors: [string, Tensor][] = [];
    for (const name of names) tensors.push([name, await memory.read(lookUp(name, [state]))]);
    return tensors;
  },

  freeState(id) {
    for (const tensor of states.get(id)?.values() ?? []) tensor.dispose();
    states.delete(id);
  },

  async prepare(program) {
    const session = await createSession(program.model, {
      ...memory.leave(program.updates.map(({ name }) => updateName(name))),
      // Waiting threads spin, which is fastest within a run, but between the short runs of writing a
      // token they would keep the thread that chooses the token from its core.
      extra: { session: { intra_op: { allow_spinning: program.rowWrites.length > 0 ? "0" : "1" } } },
    });
    sessions.set(++created, { session, program });
    return created;
  },

  async run(id, feeds, stateIds) {
    const { session, program } = get(sessions, id, "program");
    const bound = stateIds.map((state) => get(states, state, "state"));
    const given: Record<string, ort.Tensor> = {};
    for (const leaf of program.inputs) given[inputName(leaf.name)] = feed(leaf, feeds);
    for (const leaf of program.states) given[stateName(leaf.name)] = fitting(leaf, lookUp(leaf.name, bound));

    const fetches: Record<string, ort.Tensor | null> = {};
    for (const { name } of program.outputs) fetches[outputName(name)] = null;
    for (const { index, rows } of program.rowWrites) fetches[outputName(index)] = fetches[outputName(rows)] = null;
    for (const { name, inPlace } of program.updates) fetches[updateName(name)] = inPlace ? lookUp(name, bound) : null;
    const results = await session.run(given, fetches);

    for (const { name, inPlace } of program.updates) {
      if (!inPlace) put(owner(name, bound), name, results[updateName(name)]!);
    }
    const output = (name: string) => unwrap(results[outputName(name)]!);
    for (const { name, index, rows } of program.rowWrites) writeRows(unwrap(lookUp(name, bound)), output(index), output(rows));
    return Object.fromEntries(program.outputs.map(({ name }) => [name, output(name)]));
  },

  async release(id) {
    const { session } = get(sessions, id, "program");
    sessions.delete(id);
    await session.release();
  },
};

function feed(leaf: Leaf, feeds: Feeds): ort.Tensor {
  const data = feeds[leaf.name];
  if (data === undefined) throw new Error(`the input "${leaf.name}" is not fed`);
  if (!(data instanceof arrays[leaf.dtype]) || data.length !== sizeOf(leaf.shape)) {
    throw new Error(`the input "${leaf.name}" is ${leaf.dtype}[${leaf.shape}], fed ${data.constructor.name}(${data.length})`);
  }
  return wrap(leaf.dtype, data as Float32Array, leaf.shape);
}

function fitting(leaf: Leaf, tensor: ort.Tensor): ort.Tensor {
  if (tensor.type !== leaf.dtype || tensor.dims.join() !== leaf.shape.join()) {
    throw new Error(`the state "${leaf.name}" is ${tensor.type}[${tensor.dims}], the program wants ${leaf.dtype}[${leaf.shape}]`);
  }
  return tensor;
}

/** Puts a tensor in the place of the one of that name, whose memory is given back at once. */
function put(state: Map<string, ort.Tensor>, name: string, tensor: ort.Tensor): void {
  state.get(name)?.dispose();
  state.set(name, tensor);
}

function owner(name: string, bound: readonly Map<string, ort.Tensor>[]): Map<string, ort.Tensor> {
  const state = bound.find((candidate) => candidate.has(name));
  if (state === undefined) throw new Error(`no state has a tensor "${name}"`);
  return state;
}

function lookUp(name: string, bound: readonly Map<string, ort.Tensor>[]): ort.Tensor {
  return owner(name, bound).get(name)!;
}

function buffersOf(result: unknown): ArrayBuffer[] {
  const tensors = Array.isArray(result) ? result.map(([, tensor]) => tensor) : Object.values(result ?? {});
  return (tensors as Tensor[]).map(({ data }) => data.buffer as ArrayBuffer);
}

const port = parentPort!;
// One call after the other: a run must not see a state that another is about to change.
let last: Promise<void> = Promise.resolve();
port.on("message", ({ id, call, args }: Request) => {
  last = last.then(async () => {
    try {
      const result = await gate.pass(() => (calls[call] as (...args: unknown[]) => unknown)(...args));
      const buffers = typeof result === "object" ? buffersOf(result) : [];
      port.postMessage({ id, result } satisfies Response, buffers);
    } catch (error) {
      port.postMessage({ id, error: (error as Error).message } satisfies Response);
    }
  });
});
