import { OnnxEngine } from "../src/engine/onnx/engine.js";
import type { ProviderChoice } from "../src/engine/onnx/providers.js";
import { measures } from "./measures.js";
import { benchSizes } from "./sizes.js";

/*
 * Measures one piece of work of one size and prints the result as JSON: a process of its own, so
 * that its peak memory is its own.
 *
 * usage: node dist/bench/measure.js SIZE WHAT PROVIDER
 */

/** Peak of resident memory so far. */
const peakRssBytes = () => process.resourceUsage().maxRSS * 1024;

const [size, what, provider] = process.argv.slice(2) as [string, string, ProviderChoice];
// An engine's first call loads onnxruntime.
const engine = new OnnxEngine({ provider });
await engine.createState([]);
await engine.close();
const baseRssBytes = peakRssBytes();
const measured = await measures[what]!({ ...benchSizes().get(size)!, provider });
console.log(JSON.stringify({ program: "sera-lab", size, what, provider, ...measured, baseRssBytes, peakRssBytes: peakRssBytes() }));
