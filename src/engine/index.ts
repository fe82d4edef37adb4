/**
 * Engines that run graph programs: ONNX Runtime or TensorFlow.js.
 *
 * @module sera-lab/engine
 */

export { createEngine, type EngineName, type EngineOptions } from "./create-engine.js";
export type { Engine, Executable, Program, State } from "./engine.js";
export { OnnxEngine, type OnnxEngineOptions } from "./onnx/engine.js";
export type { Provider, ProviderChoice } from "./onnx/providers.js";
export { ProgramCache } from "./program-cache.js";
export type { BackendName } from "./tfjs/backend-names.js";
export { TfjsEngine, type TfjsEngineOptions } from "./tfjs/engine.js";
