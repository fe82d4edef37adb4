import type { BackendName } from "../../src/engine/tfjs/backend-names.js";

/**
 * The backends on which tests run the tfjs engine: those that need nothing but the registry, or those of
 * `TFJS_BACKENDS`, separated by commas, for a machine that has others.
 */
export const tfjsBackends = (process.env.TFJS_BACKENDS?.split(",") ?? ["cpu", "wasm"]) as BackendName[];
