import type { BackendName } from "../../src/engine/tfjs/backend-names.js";

/**
 * The backends on which tests run the tfjs engine: those that need only packages of the registry, or the
 * comma-separated ones of `TFJS_BACKENDS`, for a machine that has others.
 */
export const tfjsBackends = (process.env.TFJS_BACKENDS?.split(",") ?? ["cpu", "wasm"]) as BackendName[];
