import { html } from "../../base/html.js";
import type { MimeBundle } from "../../base/mime.js";
import type { EngineDescription } from "../../engine/engine.js";
import type { ModelConfig } from "../config.js";
import { loraLayers } from "../parameters/lora/lora.js";
import { parameterCount } from "../parameters/parameters.js";

const count = (number: number) => number.toLocaleString("en-US");

/** Describes a model: where it was loaded from, its architecture, and what is trained. */
function describeModel(config: ModelConfig, origin: string | undefined) {
  const { architecture, adapter } = config;
  return {
    model: origin ?? "fresh",
    architecture,
    parameters: parameterCount(config),
    weights: config.weights ?? "float32",
    adapter: adapter ? describeAdapter(config, adapter) : "none",
  };
}

function describeAdapter(config: ModelConfig, adapter: NonNullable<ModelConfig["adapter"]>): string {
  const layers = loraLayers(config, adapter);
  const trained = layers.reduce((sum, { inputs, outputs }) => sum + adapter.rank * (inputs + outputs), 0);
  return `LoRA of rank ${adapter.rank}, α ${adapter.alpha}, on ${layers.length} layers: ${count(trained)} parameters`;
}

/** The same description in one line. */
export function modelLine(config: ModelConfig, origin: string | undefined): string {
  const { model, architecture, parameters, weights, adapter } = describeModel(config, origin);
  return [
    model,
    architecture,
    `${count(parameters)} parameters${config.weights ? ` in ${weights}` : ""}`,
    ...(config.adapter ? [adapter] : []),
  ].join(", ");
}

/** How a notebook displays a policy: a short table. */
export function policyBundle(
  config: ModelConfig,
  origin: string | undefined,
  engine: EngineDescription,
  isFreed: boolean,
): MimeBundle {
  const facts = { ...describeModel(config, origin), engine: engineLine(engine) };
  const rows = Object.entries(facts).map(([name, value]) => ({
    name,
    text: typeof value === "number" ? count(value) : value,
  }));
  const title = isFreed ? "Policy, freed" : "Policy";
  return {
    "text/html":
      html`<table><thead><tr><th colspan="2" style="text-align:left">${title}</th></tr></thead><tbody>${rows.map(
        ({ name, text }) =>
          html`<tr><th style="text-align:left">${name}</th><td style="text-align:left">${text}</td></tr>`,
      )}</tbody></table>`.markup,
    "text/plain": [title, ...rows.map(({ name, text }) => `${name.padEnd(13)}${text}`)].join("\n"),
  };
}

/** An engine and its provider or backend, such as "onnx, cpu". */
function engineLine({ engine, provider, backend }: EngineDescription): string {
  return [engine, provider ?? backend].filter((part) => part !== undefined).join(", ");
}
