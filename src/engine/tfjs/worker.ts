import { serve } from "../thread/serve.js";
import { loadBackend } from "./backends.js";
import type { TfjsSettings } from "./engine.js";
import { runtime } from "./runtime.js";

/* The thread in which TensorFlow.js runs: its ops block until they are done. */

serve(async ({ backend }: TfjsSettings, gate) => {
  const { name, tf, warnings } = await loadBackend(backend);
  for (const warning of warnings) process.emitWarning(warning);
  return runtime(tf, name, () => gate.isHurried);
});
