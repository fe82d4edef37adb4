import * as ort from "onnxruntime-node";
import type { Tensor } from "../../graph/tensor.js";
import type { Feeds } from "../engine.js";
import { checkFits, feedOf, get, lookUp, owner } from "../thread/bindings.js";
import type { Leaf } from "../thread/calls.js";
import { serve, type Handlers } from "../thread/serve.js";
import { inputName, outputName, stateName, updateName } from "./lower.js";
import { deviceMemory, hostMemory, unwrap, wrap, type Memory } from "./memory.js";
import { keepsState } from "./providers.js";
import { writeRows } from "./row-writes.js";
import type { PreparedProgram, SessionSettings } from "./protocol.js";

/*
 * The thread in which onnxruntime runs: session.run blocks until the last op is done, so it must
 * not stand on the event loop. State lives here; what the other side sees are numbers for it.
 */

interface Session {
  readonly session: ort.InferenceSession;
  readonly program: PreparedProgram;
}

const states = new Map<number, Map<string, ort.Tensor>>();
const sessions = new Map<number, Session>();
let created = 0;

type CreateSession = (model: Uint8Array, options: ort.InferenceSession.SessionOptions) => Promise<ort.InferenceSession>;

const sessionsFor = (settings: SessionSettings): CreateSession => (model, options) =>
  ort.InferenceSession.create(model, {
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

const calls = (createSession: CreateSession, memory: Memory): Handlers<PreparedProgram> => ({
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
});

function feed(leaf: Leaf, feeds: Feeds): ort.Tensor {
  return wrap(leaf.dtype, feedOf(leaf, feeds), leaf.shape);
}

function fitting(leaf: Leaf, tensor: ort.Tensor): ort.Tensor {
  checkFits(leaf, tensor.type, tensor.dims);
  return tensor;
}

/** Puts a tensor in the place of the one of that name, whose memory is given back at once. */
function put(state: Map<string, ort.Tensor>, name: string, tensor: ort.Tensor): void {
  state.get(name)?.dispose();
  state.set(name, tensor);
}

serve(async (settings: SessionSettings) => {
  const createSession = sessionsFor(settings);
  return calls(createSession, keepsState(settings.provider) ? deviceMemory(createSession) : hostMemory);
});
