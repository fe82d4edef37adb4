import { benchEngine } from "./engines.js";
import { measures } from "./measures.js";
import { benchSizes } from "./sizes.js";
import { peakBytes } from "./spent.js";

/*
 * Measures one piece of work of one size and prints the result as JSON. It runs in its own process, so
 * that the peak memory is its own.
 *
 * usage: node dist/bench/measure.js SIZE WHAT ENGINE
 */

const [size, what, name] = process.argv.slice(2) as [string, string, string];
const engine = benchEngine(name);
// An engine's first call loads its library.
await engine.createState([]);
const baseRssBytes = peakBytes();
const measured = await measures[what]!(benchSizes().get(size)!, engine);
console.log(JSON.stringify({ program: "sera-lab", size, what, ...measured, baseRssBytes, peakRssBytes: peakBytes() }));
