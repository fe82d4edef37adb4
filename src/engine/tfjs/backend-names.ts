import { InputError, quote } from "../../base/errors.js";
import { didYouMean } from "../../base/nearest.js";

/** The backends of TensorFlow.js, best first. */
export const backendNames = ["tensorflow-gpu", "tensorflow", "webgpu", "wasm", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];

/** @throws InputError unless there is a backend of this name */
export function checkBackendName(name: string): asserts name is BackendName {
  if (!backendNames.includes(name as BackendName)) {
    throw new InputError(
      `backend: found ${quote(name)}, expected one of ${backendNames.join(", ")}${didYouMean(name, backendNames)}`,
    );
  }
}
