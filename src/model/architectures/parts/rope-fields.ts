import { z } from "zod";
import { inputError } from "../../../base/errors.js";
import { checkJson } from "../../../base/read-json.js";
import type { RopeScaling, RotaryConfig } from "../../config.js";
import { size } from "../config-fields.js";

/* Rotary settings in config.json: transformers 5 has them in `rope_parameters`, version 4 in other fields. */

const ropeType = z.enum(["default", "linear", "dynamic", "yarn", "longrope", "su", "llama3"]);
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
  partial_rotary_factor: ratio.max(1).nullish(),
  original_max_position_embeddings: size.nullish(),
};

const ropeSchema = z.looseObject({ ...ropeFields, max_position_embeddings: size });
type RopeFields = z.infer<typeof ropeSchema>;

const linear = z.looseObject({ factor: ratio });
const llama3 = z.looseObject({
  factor: ratio,
  low_freq_factor: ratio,
  high_freq_factor: ratio,
  original_max_position_embeddings: size,
});

const yarn = z.looseObject({
  factor: ratio,
  original_max_position_embeddings: size.nullish(),
  beta_fast: ratio.nullish(),
  beta_slow: ratio.nullish(),
  attention_factor: ratio.nullish(),
  truncate: z.boolean().nullish(),
  // Used by DeepSeek instead.
  mscale: z.null().optional(),
  mscale_all_dim: z.null().optional(),
});
const longrope = z.looseObject({
  short_factor: z.array(ratio),
  long_factor: z.array(ratio),
  factor: ratio.nullish(),
  attention_factor: ratio.nullish(),
  original_max_position_embeddings: size.nullish(),
});

/** Rotary settings read from the fields. */
interface Rope {
  /** The config's part. */
  readonly rotary: RotaryConfig;
  /** The fraction of each head that is rotated, if given. */
  readonly partialRotaryFactor: number | undefined;
  readonly contextLength: number;
}

/**
 * Reads the fields of {@link ropeFields} and `max_position_embeddings`.
 *
 * @param defaultTheta base used if none is given
 * @throws InputError if a scaling lacks one of its numbers
 */
export function parseRope(fields: RopeFields, file: string, defaultTheta = 10000): Rope {
  const { rope_theta, rope_parameters, rope_scaling, partial_rotary_factor } = fields;
  const within = rope_scaling ? "rope_scaling" : "rope_parameters";
  const found = rope_scaling ?? rope_parameters ?? {};
  const scaling = parseScaling(found, within, fields, file);
  return {
    rotary: {
      // A model saved by both versions of transformers may have its base outside the scaling.
      ropeTheta: found.rope_theta ?? rope_parameters?.rope_theta ?? rope_theta ?? defaultTheta,
      ...(scaling && { ropeScaling: scaling }),
    },
    partialRotaryFactor:
      found.partial_rotary_factor ?? rope_parameters?.partial_rotary_factor ?? partial_rotary_factor ?? undefined,
    contextLength: scaling?.type === "longrope" ? scaling.originalContextLength : fields.max_position_embeddings,
  };
}

/** @throws InputError if a scaling does not have one factor for each rotated pair of elements */
export function checkFactors({ ropeScaling }: RotaryConfig, rotated: number, file: string): void {
  if (ropeScaling?.type !== "longrope") return;
  for (const [name, { length }] of [
    ["short_factor", ropeScaling.shortFactors],
    ["long_factor", ropeScaling.longFactors],
  ] as const) {
    if (length !== rotated / 2)
      throw inputError(
        { file },
        `${length} numbers in ${name}`,
        `${rotated / 2}, one for each pair of rotated elements`,
      );
  }
}

function parseScaling(
  found: z.infer<typeof rope>,
  within: string,
  model: RopeFields,
  file: string,
): RopeScaling | undefined {
  const type = found.rope_type ?? found.type ?? "default";
  switch (type) {
    case "default":
      return undefined;
    case "linear":
    case "dynamic":
      return { type, factor: checkJson(found, linear, file, within).factor };
    case "yarn": {
      const numbers = checkJson(found, yarn, file, within);
      return {
        type,
        factor: numbers.factor,
        originalContextLength: numbers.original_max_position_embeddings ?? model.max_position_embeddings,
        ...given({
          betaFast: numbers.beta_fast,
          betaSlow: numbers.beta_slow,
          attentionFactor: numbers.attention_factor,
          truncate: numbers.truncate,
        }),
      };
    }
    // The first Phi-3's name for LongRoPE.
    case "su":
    case "longrope": {
      const numbers = checkJson(found, longrope, file, within);
      const extended = model.max_position_embeddings;
      return {
        type: "longrope",
        shortFactors: numbers.short_factor,
        longFactors: numbers.long_factor,
        originalContextLength:
          model.original_max_position_embeddings ?? numbers.original_max_position_embeddings ?? extended,
        extendedContextLength: extended,
        ...given({ factor: numbers.factor, attentionFactor: numbers.attention_factor }),
      };
    }
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

/** The entries that are neither undefined nor null. */
function given<T extends object>(entries: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== undefined && value !== null),
  ) as never;
}

/** The longest sequence, as config.json expresses it. */
export function formatContextLength({
  contextLength,
  ropeScaling,
}: RotaryConfig & { readonly contextLength: number }): number {
  return ropeScaling?.type === "longrope" ? ropeScaling.extendedContextLength : contextLength;
}

/** The fields that transformers 5 reads (`rope_parameters`) and those that 4 reads (a separate base, `rope_scaling`). */
export function formatRope(config: RotaryConfig): Record<string, unknown> {
  const parameters = ropeParameters(config);
  return {
    ...(config.rotaryFactor !== undefined && { partial_rotary_factor: config.rotaryFactor }),
    rope_parameters: parameters,
    rope_theta: config.ropeTheta,
    // transformers 5 replaces rope_parameters by it, so it has the same content.
    ...(config.ropeScaling && { rope_scaling: parameters }),
  };
}

/** One set of `rope_parameters`. */
export function ropeParameters({ ropeTheta, ropeScaling, rotaryFactor }: RotaryConfig): Record<string, unknown> {
  return {
    ...(rotaryFactor !== undefined && { partial_rotary_factor: rotaryFactor }),
    rope_theta: ropeTheta,
    rope_type: ropeScaling?.type ?? "default",
    ...(ropeScaling && given(formatScaling(ropeScaling))),
  };
}

function formatScaling(scaling: RopeScaling): Record<string, unknown> {
  switch (scaling.type) {
    case "linear":
    case "dynamic":
      return { factor: scaling.factor };
    case "llama3":
      return {
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalContextLength,
      };
    case "yarn":
      return {
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalContextLength,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        attention_factor: scaling.attentionFactor,
        truncate: scaling.truncate,
      };
    case "longrope":
      return {
        short_factor: scaling.shortFactors,
        long_factor: scaling.longFactors,
        factor: scaling.factor,
        attention_factor: scaling.attentionFactor,
        original_max_position_embeddings: scaling.originalContextLength,
      };
  }
}
