import { inputError } from "../../../../base/errors.js";
import type { ModelMetadata } from "./architecture.js";

/** Name of the tensor that holds, for each rotary frequency, what it is divided by. */
export const ropeFactors = "rope_freqs.weight";

/** The field of config.json that says how rotary positions turn. */
export function ropeFields(model: ModelMetadata): Record<string, unknown> {
  const base = model.findNumber("rope.freq_base") ?? 10000;
  const scaling = llama3Scaling(model, base) ?? declaredScaling(model);
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
  // The key of files from before there were types.
  const factor = model.findNumber("rope.scaling.factor") ?? model.findNumber("rope.scale_linear");
  if (type === "none" || (type === undefined && (factor === undefined || factor === 1))) return undefined;
  const original = model.findSize("rope.scaling.original_context_length");
  return {
    rope_type: type ?? "linear",
    ...(factor !== undefined && { factor }),
    ...(original !== undefined && { original_max_position_embeddings: original }),
  };
}

/**
 * Llama 3.1's scaling, which a file has as its effect only: the divisor of each frequency. All models that have it share
 * three of its four numbers, and the largest divisor is the fourth.
 *
 * @throws InputError where the divisors are others than come of these numbers
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
  return { rope_type: "llama3", factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: original };
}
