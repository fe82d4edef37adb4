import type { Leaf } from "../thread/calls.js";
import type { Provider } from "./providers.js";
import type { RowWrite } from "./row-writes.js";

/** What the worker needs to run a lowered program. */
export interface PreparedProgram {
  readonly model: Uint8Array;
  readonly inputs: readonly Leaf[];
  readonly states: readonly Leaf[];
  /** State that is part of the session, as constants. */
  readonly frozen: readonly Leaf[];
  readonly outputs: readonly Leaf[];
  readonly updates: readonly (Leaf & { readonly inPlace: boolean })[];
  readonly rowWrites: readonly RowWrite[];
}

/** How a session is made. */
export interface SessionSettings {
  /** onnxruntime's execution provider. */
  readonly provider: Provider;
  /** Threads of one session; 0 is one for each physical core. */
  readonly threads: number;
}
