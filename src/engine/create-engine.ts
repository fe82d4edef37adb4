import { InputError, quote } from "../base/errors.js";
import { didYouMean } from "../base/nearest.js";
import type { Engine, EngineDescription } from "./engine.js";
import { OnnxEngine, type OnnxEngineOptions } from "./onnx/engine.js";
import { providers } from "./onnx/providers.js";
import { threadsFor } from "./onnx/threads.js";
import { backendNames } from "./tfjs/backend-names.js";
import { TfjsEngine, type TfjsEngineOptions } from "./tfjs/engine.js";

/** The engines and the names of their options. */
const optionsOf = { onnx: ["provider", "threads"], tfjs: ["backend"] } as const;

export type EngineName = keyof typeof optionsOf;
export const engineNames = Object.keys(optionsOf) as readonly EngineName[];

/** The engine that runs a model's graphs, and its device. */
export interface EngineOptions extends OnnxEngineOptions, TfjsEngineOptions {
  /** "onnx", ONNX Runtime (default), with `provider` and `threads`; or "tfjs", TensorFlow.js, with `backend`. */
  readonly engine?: EngineName | undefined;
}

/**
 * Creates an engine by name.
 *
 * @throws InputError if there is no such engine, or it does not have a given option
 */
export function createEngine({ engine = "onnx", ...options }: EngineOptions = {}): Engine {
  oneOf("engine", engine, engineNames);
  const known: readonly string[] = optionsOf[engine];
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !known.includes(name)) {
      throw new InputError(`${name}: not an option of the engine ${engine}; its options are ${known.join(", ")}`);
    }
  }
  return engine === "tfjs" ? new TfjsEngine(options) : new OnnxEngine(options);
}

/** Fills in the defaults of the options, so that engines can be compared. */
export function settledOptions({ engine = "onnx", ...options }: EngineOptions): EngineOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return engine === "onnx"
    ? { engine, provider: "cpu", ...given, threads: threadsFor(options.threads ?? 0) }
    : { engine, ...given };
}

/**
 * Returns the options of a described engine.
 *
 * @throws InputError if it does not describe an engine of this library
 */
export function describedOptions(description: EngineDescription): EngineOptions {
  const { engine, provider, backend } = description;
  return {
    engine: oneOf("engine", engine, engineNames),
    ...(provider !== undefined && { provider: oneOf("provider", provider, providers) }),
    ...(backend !== undefined && { backend: oneOf("backend", backend, backendNames) }),
  };
}

function oneOf<T extends string>(name: string, given: string, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === given);
  if (found === undefined)
    throw new InputError(
      `${name}: found ${quote(given)}, expected one of ${known.join(", ")}${didYouMean(given, known)}`,
    );
  return found;
}
