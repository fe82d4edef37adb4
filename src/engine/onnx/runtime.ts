import * as ort from "onnxruntime-node";
import type { Tensor } from "../../graph/tensor.js";
import type { Feeds } from "../engine.js";
import { checkFits, feedOf, get, lookUp, owner } from "../thread/bindings.js";
import type { Leaf } from "../thread/calls.js";
import type { Handlers } from "../thread/serve.js";
import { bytes } from "./emitter.js";
import { FrozenSessions } from "./frozen-sessions.js";
import { inputName, outputName, stateName, updateName } from "./lower.js";
import { deviceMemory, hostMemory, unwrap, wrap, type Memory } from "./memory.js";
import { keepsState } from "./providers.js";
import { writeRows } from "./row-writes.js";
import type { PreparedProgram, SessionSettings } from "./protocol.js";

type ExternalData = NonNullable<ort.InferenceSession.SessionOptions["externalData"]>;

interface Session {
  readonly program: PreparedProgram;
  /** Undefined if state is part of the session, which is then one of the frozen sessions. */
  readonly session: ort.InferenceSession | undefined;
}

const states = new Map<number, Map<string, ort.Tensor>>();
const sessions = new Map<number, Session>();
let created = 0;

type CreateSession = (model: Uint8Array, options: ort.InferenceSession.SessionOptions) => Promise<ort.InferenceSession>;

const sessionsFor =
  (settings: SessionSettings): CreateSession =>
  (model, options) =>
    ort.InferenceSession.create(model, {
      executionProviders: [settings.provider],
      intraOpNumThreads: settings.threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      enableCpuMemArena: true,
      // As fast as with planned allocation patterns, with far less memory.
      enableMemPattern: false,
      logSeverityLevel: 3,
      ...options,
    });

type ProgramSession = (program: PreparedProgram, externalData?: ExternalData) => Promise<ort.InferenceSession>;

const programSessionsFor =
  (createSession: CreateSession, memory: Memory): ProgramSession =>
  ({ model, updates, rowWrites }, externalData = []) =>
    createSession(model, {
      ...memory.leave(updates.map(({ name }) => updateName(name))),
      externalData,
      // Waiting threads spin, which is fastest within a run. Between the short runs that generate a token they stop soon;
      // otherwise they would keep its core from the thread that chooses the token. Threads that share this thread's ops disable
      // the same subnormal floats as it does.
      extra: {
        session: {
          set_denormal_as_zero: "1",
          intra_op: { allow_spinning: "1", ...(rowWrites.length > 0 && { spin_duration_us: "100" }) },
        },
      },
    });

const frozenSessionsFor = (programSession: ProgramSession) =>
  new FrozenSessions((model, tensors) => {
    const { program } = withModel(model)!;
    return programSession(
      program,
      program.frozen.map(({ name }, i) => ({ path: stateName(name), data: bytes(tensors[i]!.data as Float32Array) })),
    );
  });

const calls = (
  memory: Memory,
  programSession: ProgramSession,
  frozenSessions: FrozenSessions,
): Omit<Handlers<PreparedProgram>, "device"> => ({
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

  async freeState(id) {
    const tensors = [...(states.get(id)?.values() ?? [])];
    states.delete(id);
    await frozenSessions.releaseTensors(new Set(tensors));
    for (const tensor of tensors) tensor.dispose();
  },

  async prepare(program) {
    if (program.frozen.length === 0) {
      sessions.set(++created, { program, session: await programSession(program) });
    } else {
      // Equal models share their sessions, which identify a model by its array.
      const model = withModel(program.model)?.program.model ?? program.model;
      sessions.set(++created, { program: { ...program, model }, session: undefined });
    }
    return created;
  },

  async run(id, feeds, stateIds) {
    const { program, session: own } = get(sessions, id, "program");
    const bound = stateIds.map((state) => get(states, state, "state"));
    const given: Record<string, ort.Tensor> = {};
    for (const leaf of program.inputs) given[inputName(leaf.name)] = feed(leaf, feeds);
    for (const leaf of program.states) given[stateName(leaf.name)] = fitting(leaf, lookUp(leaf.name, bound));

    const fetches: Record<string, ort.Tensor | null> = {};
    for (const { name } of program.outputs) fetches[outputName(name)] = null;
    for (const { index, rows } of program.rowWrites) fetches[outputName(index)] = fetches[outputName(rows)] = null;
    for (const { name, inPlace } of program.updates) fetches[updateName(name)] = inPlace ? lookUp(name, bound) : null;
    const constants = program.frozen.map((leaf) => fitting(leaf, lookUp(leaf.name, bound)));
    const session = own ?? (await frozenSessions.get(program.model, constants));
    const results = await session.run(given, fetches);

    const changed = [...program.updates, ...program.rowWrites].map(({ name }) => lookUp(name, bound));
    await frozenSessions.releaseTensors(new Set(changed));
    for (const { name, inPlace } of program.updates) {
      if (!inPlace) put(owner(name, bound), name, results[updateName(name)]!);
    }
    const output = (name: string) => unwrap(results[outputName(name)]!);
    for (const { name, index, rows } of program.rowWrites)
      writeRows(unwrap(lookUp(name, bound)), output(index), output(rows));
    return Object.fromEntries(program.outputs.map(({ name }) => [name, output(name)]));
  },

  async release(id) {
    const { program, session } = get(sessions, id, "program");
    sessions.delete(id);
    await session?.release();
    if (withModel(program.model) === undefined) await frozenSessions.releaseModel(program.model);
  },
});

/** A program with the same model. */
function withModel(model: Uint8Array): Session | undefined {
  return [...sessions.values()].find(
    ({ program }) => program.model === model || Buffer.compare(program.model, model) === 0,
  );
}

function feed(leaf: Leaf, feeds: Feeds): ort.Tensor {
  return wrap(leaf.dtype, feedOf(leaf, feeds), leaf.shape);
}

function fitting(leaf: Leaf, tensor: ort.Tensor): ort.Tensor {
  checkFits(leaf, tensor.type, tensor.dims);
  return tensor;
}

/** Replaces the tensor of that name and frees its memory at once. */
function put(state: Map<string, ort.Tensor>, name: string, tensor: ort.Tensor): void {
  state.get(name)?.dispose();
  state.set(name, tensor);
}

/** Handles an engine's calls with onnxruntime. State lives here; the other side refers to it by number. */
export function runtime(settings: SessionSettings): Handlers<PreparedProgram> {
  const createSession = sessionsFor(settings);
  const memory = keepsState(settings.provider) ? deviceMemory(createSession) : hostMemory;
  const programSession = programSessionsFor(createSession, memory);
  return { device: () => settings.provider, ...calls(memory, programSession, frozenSessionsFor(programSession)) };
}
