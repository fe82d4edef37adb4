import { OnnxEngine, type Provider } from "../../engine/onnx/engine.js";
import { Graph, mul } from "../../graph/index.js";

/*
 * Runs a graph of one op on a provider: `node try-provider.js cuda`. A process of its own, because
 * the driver of a device may end it. The parent is told undefined where all is well, or why not.
 */

const engine = new OnnxEngine({ provider: process.argv[2] as Provider });
const tell = (reason?: string) => process.send!({ reason }, () => process.exit());
try {
  const x = new Graph().input("x", "float32", [2]);
  const executable = await engine.prepare({ outputs: { y: mul(x, 3) }, updates: new Map() });
  const { y } = await executable.run({ x: Float32Array.of(2, -1) });
  const found = [...y!.data].join(", ");
  tell(found === "6, -3" ? undefined : `it computed 3 · (2, −1) as (${found})`);
} catch (error) {
  const { message, cause } = error as Error;
  tell(cause instanceof Error ? cause.message : message);
}
