import { inputError } from "../../../../base/errors.js";
import { shortestFloat32 } from "../metadata.js";
import type { ModelMetadata } from "./architecture.js";

/** Name of the tensor with the divisor of each rotary frequency. */
export const ropeFactors = "rope_freqs.weight";

/** Names of the tensors with LongRoPE's divisors, for sequences within the original context and beyond it. */
export const longRopeFactors = { short: "rope_factors_short.weight", long: "rope_factors_long.weight" } as const;

/** The rotary fields of config.json. */
export function ropeFields(model: ModelMetadata): Record<string, unknown> {
  const base = model.findNumber("rope.freq_base") ?? 10000;
  const scaling = llama3Scaling(model, base) ?? longRopeScaling(model) ?? declaredScaling(model);
  const rotated = model.findSize("rope.dimension_count") ?? model.headSize;
  return {
    rope_parameters: {
      rope_theta: base,
      ...(scaling ?? { rope_type: "default" }),
      ...(rotated !== model.headSize && { partial_rotary_factor: rotated / model.headSize }),
    },
  };
}

function declaredScaling(model: ModelMetadata): Record<string, unknown> | undefined {
  const type = model.findText("rope.scaling.type");
  // The key in files from before scaling types existed.
  const factor = model.findNumber("rope.scaling.factor") ?? model.findNumber("rope.scale_linear");
  if (type === "none" || (type === undefined && (factor === undefined || factor === 1))) return undefined;
  const original = model.findSize("rope.scaling.original_context_length");
  return {
    rope_type: type ?? "linear",
    ...(factor !== undefined && { factor }),
    ...(original !== undefined && { original_max_position_embeddings: original }),
    ...(type === "yarn" && yarnFields(model)),
  };
}

/** YaRN's numbers besides the factor. @throws InputError if scores are scaled as in DeepSeek */
function yarnFields(model: ModelMetadata): Record<string, unknown> {
  const number = (key: string) => model.findNumber(`rope.scaling.${key}`);
  for (const [key, plain] of [
    ["yarn_ext_factor", 1],
    ["yarn_log_multiplier", 0],
  ] as const) {
    const found = number(key) ?? plain;
    if (found !== plain)
      throw inputError({ file: model.metadata.path }, `${model.key(`rope.scaling.${key}`)} = ${found}`, String(plain));
  }
  return {
    attention_factor: number("yarn_attn_factor") ?? null,
    beta_fast: number("yarn_beta_fast") ?? null,
    beta_slow: number("yarn_beta_slow") ?? null,
  };
}

/**
 * LongRoPE's scaling, recognised by its divisors, since files do not name it. Omits the multiplier of queries and keys if it
 * follows from the context lengths.
 */
function longRopeScaling(model: ModelMetadata): Record<string, unknown> | undefined {
  const [short, long] = [longRopeFactors.short, longRopeFactors.long].map((name) => model.constants.get(name));
  if (short === undefined || long === undefined) return undefined;
  const extended = model.size("context_length");
  const original = model.findSize("rope.scaling.original_context_length") ?? extended;
  const usual = extended > original ? Math.sqrt(1 + Math.log(extended / original) / Math.log(original)) : 1;
  const stated = model.findNumber("rope.scaling.attn_factor") ?? usual;
  return {
    rope_type: "longrope",
    short_factor: Array.from(short, shortestFloat32),
    long_factor: Array.from(long, shortestFloat32),
    original_max_position_embeddings: original,
    attention_factor: Math.abs(stated - usual) < 1e-6 ? null : stated,
  };
}

/**
 * Llama 3.1's scaling. A file stores only its effect: the divisor of each frequency. All models that use it share three of its
 * four numbers, and the largest divisor is the fourth.
 *
 * @throws InputError if the divisors do not follow from these numbers
 */
function llama3Scaling(model: ModelMetadata, base: number): Record<string, unknown> | undefined {
  const divisors = model.constants.get(ropeFactors);
  if (divisors === undefined) return undefined;
  const [low, high, original] = [1, 4, 8192];
  const factor = divisors.reduce((largest, divisor) => Math.max(largest, divisor), 1);
  const fits = divisors.every((divisor, i) => {
    const turns = (original * base ** (-i / divisors.length)) / (2 * Math.PI);
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return Math.abs(divisor - 1 / (kept + (1 - kept) / factor)) <= 1e-4 * divisor;
  });
  if (!fits) {
    const expected = `those of Llama 3.1's scaling (low_freq_factor ${low}, high_freq_factor ${high}, ${original} positions)`;
    throw inputError({ file: model.metadata.path }, `divisors of rotary frequencies in ${ropeFactors}`, expected);
  }
  return {
    rope_type: "llama3",
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original,
  };
}
