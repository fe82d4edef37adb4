import { offerHost } from "../../src/notebook/host.js";
import type { MimeBundle } from "../../src/base/mime.js";

/** An output of a cell. */
export interface Shown {
  readonly bundle: MimeBundle;
  readonly id: string | undefined;
  readonly update: boolean | undefined;
}

/** Registers a host that records the outputs of cells in order. */
export function listeningHost(signal: AbortSignal = new AbortController().signal): Shown[] {
  const shown: Shown[] = [];
  offerHost({ signal, show: (bundle, id, update) => shown.push({ bundle, id, update }) });
  return shown;
}
