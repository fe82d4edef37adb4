import { z } from "zod";
import { cut, inputError, quote } from "../../../base/errors.js";
import { parseJson } from "../../../base/read-json.js";

/** LoRA settings in PEFT's `adapter_config.json` (Hu et al. 2022, arXiv 2106.09685): W + scale · B · A. */
export interface AdapterConfig {
  /** Rows of A and columns of B. */
  readonly rank: number;
  /** The scale is alpha / rank, or alpha / √rank with `rsLora`. */
  readonly alpha: number;
  /** Dropout probability of a layer's inputs before A in training. */
  readonly dropout: number;
  /** The layers: the last parts of their names, or a (Python) regular expression that matches a whole name. */
  readonly targetModules: readonly string[] | string;
  /** Kalajdzievski 2023, arXiv 2312.03732; `use_rslora` in PEFT. */
  readonly rsLora: boolean;
  /** Whether the layers' own weights are stored [in, out], like GPT-2's; A and B are [rank, in] and [out, rank] in any case. */
  readonly fanInFanOut: boolean;
  /** The base model: a name on the hub, or a folder. */
  readonly baseModel?: string;
}

/** Further PEFT fields that do not affect a trained adapter's results. */
const harmless: ReadonlySet<string> = new Set([
  "auto_mapping",
  "inference_mode",
  "megatron_core",
  "peft_version",
  "qalora_group_size",
  "revision",
  "runtime_config",
]);

const schema = z.looseObject({
  peft_type: z.literal("LORA"),
  task_type: z.literal("CAUSAL_LM").nullish(),
  base_model_name_or_path: z.string().nullish(),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  lora_dropout: z.number().min(0).max(1).default(0),
  target_modules: z.union([z.string(), z.array(z.string()).nonempty()], {
    error: "expected names of modules, or a regular expression",
  }),
  use_rslora: z.boolean().default(false),
  fan_in_fan_out: z.boolean().default(false),
  bias: z.literal("none").default("none"),
  // The others also change the base model's weights, which an adapter does not contain.
  init_lora_weights: z
    .union([z.boolean(), z.enum(["gaussian", "orthogonal", "eva"])], {
      error: 'expected a start that leaves the base model as it is: true, false, "gaussian", "orthogonal" or "eva"',
    })
    .default(true),
});

/**
 * Parses PEFT's `adapter_config.json` of a LoRA adapter.
 *
 * @param file path for the errors
 * @throws InputError if a field is missing, or asks for something unsupported: another kind of adapter, trained biases, whole
 *   modules besides the adapter, per-layer ranks, or any unknown field that is not empty
 */
export function parseAdapterConfig(json: string, file: string): AdapterConfig {
  const fields = parseJson(json, schema, file);
  for (const [field, value] of Object.entries(fields)) {
    if (field in schema.shape || harmless.has(field) || isEmpty(value)) continue;
    throw inputError({ file }, `${cut(field)} = ${quote(value)}`, reasons[field] ?? "none: it is not supported");
  }
  return {
    rank: fields.r,
    alpha: fields.lora_alpha,
    dropout: fields.lora_dropout,
    targetModules: fields.target_modules,
    rsLora: fields.use_rslora,
    fanInFanOut: fields.fan_in_fan_out,
    ...(typeof fields.base_model_name_or_path === "string" && { baseModel: fields.base_model_name_or_path }),
  };
}

const reasons: Readonly<Record<string, string>> = {
  modules_to_save: "none: whole modules that were trained beside the adapter are not supported (merge them in PEFT)",
  rank_pattern: "none: all layers have the rank r here",
  alpha_pattern: "none: all layers have the same lora_alpha here",
};

function isEmpty(value: unknown): boolean {
  return value === null || value === false || (typeof value === "object" && Object.keys(value).length === 0);
}

/** Content of the `adapter_config.json` that PEFT reads, sorted by name as in PEFT. */
export function adapterConfigFields(config: AdapterConfig): Record<string, unknown> {
  return {
    base_model_name_or_path: config.baseModel ?? null,
    bias: "none",
    fan_in_fan_out: config.fanInFanOut,
    inference_mode: true,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    peft_type: "LORA",
    r: config.rank,
    target_modules: config.targetModules,
    task_type: "CAUSAL_LM",
    use_rslora: config.rsLora,
  };
}
