import { InputError, quote } from "../base/errors.js";
import type { Engine } from "./engine.js";
import { OnnxEngine, type OnnxEngineOptions } from "./onnx/engine.js";
import { TfjsEngine, type TfjsEngineOptions } from "./tfjs/engine.js";

/** The engines and the names of their options. */
const optionsOf = { onnx: ["provider", "threads"], tfjs: ["backend"] } as const;

export type EngineName = keyof typeof optionsOf;
export const engineNames = Object.keys(optionsOf) as readonly EngineName[];

/** Which engine runs a model's graphs, and on which device. */
export interface EngineOptions extends OnnxEngineOptions, TfjsEngineOptions {
  /** "onnx", ONNX Runtime (default), which has `provider` and `threads`; or "tfjs", TensorFlow.js, which has `backend`. */
  readonly engine?: EngineName;
}

/**
 * An engine by its name.
 *
 * @throws InputError where there is no such engine, or it does not have an option that is given
 */
export function createEngine({ engine = "onnx", ...options }: EngineOptions = {}): Engine {
  if (!engineNames.includes(engine)) throw new InputError(`engine: found ${quote(engine)}, expected one of ${engineNames.join(", ")}`);
  const known: readonly string[] = optionsOf[engine];
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !known.includes(name)) {
      throw new InputError(`${name}: not an option of the engine ${engine}; its options are ${known.join(", ")}`);
    }
  }
  return engine === "tfjs" ? new TfjsEngine(options) : new OnnxEngine(options);
}
