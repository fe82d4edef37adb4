import { createEngine, type EngineOptions } from "../src/engine/create-engine.js";
import type { Engine } from "../src/engine/engine.js";
import { providerChoices } from "../src/engine/onnx/providers.js";
import type { Result } from "./result.js";

/** The engines that can be measured, by their command-line names. */
const engines: Readonly<Record<string, EngineOptions>> = {
  ...Object.fromEntries(providerChoices.map((provider) => [`onnx-${provider}`, { provider }])),
  "tfjs-gpu": { engine: "tfjs", backend: "tensorflow-gpu" },
  "tfjs-node": { engine: "tfjs", backend: "tensorflow" },
  "tfjs-wasm": { engine: "tfjs", backend: "wasm" },
  "tfjs-cpu": { engine: "tfjs", backend: "cpu" },
};

export const benchEngines = Object.keys(engines);

export function benchEngine(name: string): Engine {
  return createEngine(engines[name]);
}

/** The time of a piece of work on each engine. */
export interface EngineComparison {
  readonly size: string;
  readonly what: string;
  readonly results: Readonly<Record<string, Result & { readonly tokens: number }>>;
}

/** Milliseconds of each engine, and their ratio to those of the first, as a Markdown table. */
export function enginesTable(rows: readonly EngineComparison[], names: readonly string[]): string {
  const cells = rows.map(({ size, what, results }) => [
    size,
    what,
    ...names.map((name) => {
      const [{ milliseconds }, first] = [results[name]!, results[names[0]!]!];
      const ratio = name === names[0] ? "" : ` (${(milliseconds / first.milliseconds).toFixed(1)} ×)`;
      return `${milliseconds.toFixed(0)}${ratio}`;
    }),
  ]);
  const head = [
    ["size", "work", ...names.map((name) => `${name}, ms`)],
    ["---", "---", ...names.map(() => "---:")],
  ];
  return [...head, ...cells].map((line) => `| ${line.join(" | ")} |`).join("\n");
}
