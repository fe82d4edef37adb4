import { offerHost } from "../../src/notebook/host.js";
import type { MimeBundle } from "../../src/base/mime.js";

/** What a cell has shown, in order. */
export interface Shown {
  readonly bundle: MimeBundle;
  readonly id: string | undefined;
  readonly update: boolean | undefined;
}

/** Offers a kernel that keeps what its cells show. */
export function listeningHost(signal: AbortSignal = new AbortController().signal): Shown[] {
  const shown: Shown[] = [];
  offerHost({ signal, show: (bundle, id, update) => shown.push({ bundle, id, update }) });
  return shown;
}
