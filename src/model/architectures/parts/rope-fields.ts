import { z } from "zod";
import { inputError } from "../../../base/errors.js";
import { checkJson } from "../../../base/read-json.js";
import type { RopeScaling, RotaryConfig } from "../../config.js";
import { size } from "../config-fields.js";

/* Where config.json says how rotary position embeddings turn: transformers 5 has `rope_parameters`, 4 had other places. */

const ropeType = z.enum(["default", "linear", "llama3"]);
const ratio = z.number().positive();

const rope = z.looseObject({
  rope_theta: ratio.optional(),
  rope_type: ropeType.optional(),
  // The name of `rope_type` before transformers 4.43.
  type: ropeType.optional(),
  partial_rotary_factor: ratio.max(1).nullish(),
});

export const ropeFields = {
  rope_theta: ratio.optional(),
  rope_parameters: rope.nullish(),
  rope_scaling: rope.nullish(),
};

const ropeSchema = z.looseObject(ropeFields);

const linear = z.looseObject({ factor: ratio });
const llama3 = z.looseObject({
  factor: ratio,
  low_freq_factor: ratio,
  high_freq_factor: ratio,
  original_max_position_embeddings: size,
});

/**
 * Reads the fields of {@link ropeFields}.
 *
 * @returns the config's part, and the share of each head that is rotated where the fields say so
 * @throws InputError where a scaling lacks one of its numbers
 */
export function parseRope(
  { rope_theta, rope_parameters, rope_scaling }: z.infer<typeof ropeSchema>,
  file: string,
): { rotary: RotaryConfig; partialRotaryFactor: number | undefined } {
  const within = rope_scaling ? "rope_scaling" : "rope_parameters";
  const found = rope_scaling ?? rope_parameters ?? {};
  const scaling = parseScaling(found, within, file);
  return {
    rotary: {
      // A model saved by both versions of transformers may have its base beside the scaling.
      ropeTheta: found.rope_theta ?? rope_parameters?.rope_theta ?? rope_theta ?? 10000,
      ...(scaling && { ropeScaling: scaling }),
    },
    partialRotaryFactor: found.partial_rotary_factor ?? rope_parameters?.partial_rotary_factor ?? undefined,
  };
}

function parseScaling(found: z.infer<typeof rope>, within: string, file: string): RopeScaling | undefined {
  const type = found.rope_type ?? found.type ?? "default";
  switch (type) {
    case "default":
      return undefined;
    case "linear":
      return { type, factor: checkJson(found, linear, file, within).factor };
    case "llama3": {
      const numbers = checkJson(found, llama3, file, within);
      const { low_freq_factor: low, high_freq_factor: high } = numbers;
      if (low >= high) {
        throw inputError({ file }, `${within}.low_freq_factor = ${low}`, `a number below high_freq_factor = ${high}`);
      }
      return {
        type,
        factor: numbers.factor,
        lowFrequencyFactor: low,
        highFrequencyFactor: high,
        originalContextLength: numbers.original_max_position_embeddings,
      };
    }
  }
}

/** What transformers 5 reads (`rope_parameters`) and what 4 reads (the base beside it, `rope_scaling`). */
export function formatRope({ ropeTheta, ropeScaling }: RotaryConfig, partialRotaryFactor?: number): Record<string, unknown> {
  const parameters = {
    ...(partialRotaryFactor !== undefined && { partial_rotary_factor: partialRotaryFactor }),
    rope_theta: ropeTheta,
    ...(ropeScaling ? formatScaling(ropeScaling) : { rope_type: "default" }),
  };
  return {
    rope_parameters: parameters,
    rope_theta: ropeTheta,
    // transformers 5 puts it in the place of rope_parameters, so it says as much.
    ...(ropeScaling && { rope_scaling: parameters }),
  };
}

function formatScaling(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.type === "linear") return { rope_type: "linear", factor: scaling.factor };
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalContextLength,
  };
}
