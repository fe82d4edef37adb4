import type { Leaf } from "../thread/calls.js";
import type { Provider } from "./providers.js";
import type { RowWrite } from "./row-writes.js";

/** A lowered program with the information that the worker needs to run it. */
export interface PreparedProgram {
  readonly model: Uint8Array;
  readonly inputs: readonly Leaf[];
  readonly states: readonly Leaf[];
  /** State that the session contains as constants. */
  readonly frozen: readonly Leaf[];
  readonly outputs: readonly Leaf[];
  readonly updates: readonly (Leaf & { readonly inPlace: boolean })[];
  readonly rowWrites: readonly RowWrite[];
}

/** Settings for creating a session. */
export interface SessionSettings {
  /** onnxruntime's execution provider. */
  readonly provider: Provider;
  /** Threads of one session; 0 for one per physical core. */
  readonly threads: number;
}
