import { serve } from "../thread/serve.js";
import type { SessionSettings } from "./protocol.js";

/*
 * The thread in which onnxruntime runs: session.run blocks until the last op is done, so it must not run on the event loop.
 * onnxruntime is imported when the first call is served, within the gate: a process that ends while a thread loads a native addon
 * is aborted.
 */

serve(async (settings: SessionSettings) => (await import("./runtime.js")).runtime(settings));
