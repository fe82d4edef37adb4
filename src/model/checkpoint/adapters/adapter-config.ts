import { z } from "zod";
import { cut, inputError, quote } from "../../../base/errors.js";
import { parseJson } from "../../../base/read-json.js";

/** What PEFT's `adapter_config.json` says of low-rank adaptation (Hu et al. 2022, arXiv 2106.09685): W + scale · B · A. */
export interface AdapterConfig {
  /** Rows of A and columns of B. */
  readonly rank: number;
  /** The scale is alpha / rank, or alpha / √rank where `rsLora`. */
  readonly alpha: number;
  /** Share of a layer's inputs that is set to zero before A while training. */
  readonly dropout: number;
  /** The layers: the last parts of their names, or a regular expression (Python's) for the whole of a name. */
  readonly targetModules: readonly string[] | string;
  /** Kalajdzievski 2023, arXiv 2312.03732; `use_rslora` in PEFT. */
  readonly rsLora: boolean;
  /** Whether the layers' own weights are stored [in, out], as GPT-2's are; A and B are [rank, in] and [out, rank] anyway. */
  readonly fanInFanOut: boolean;
  /** The model that is adapted: a name on the hub, or a folder. */
  readonly baseModel?: string;
}

/** Fields of PEFT that the numbers do not depend on once an adapter is trained, beside those that are read. */
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
  // The others change the base model's weights as well, and an adapter does not hold those.
  init_lora_weights: z
    .union([z.boolean(), z.enum(["gaussian", "orthogonal", "eva"])], {
      error: 'expected a start that leaves the base model as it is: true, false, "gaussian", "orthogonal" or "eva"',
    })
    .default(true),
});

/**
 * Reads PEFT's `adapter_config.json` of a LoRA adapter.
 *
 * @param file path for the errors
 * @throws InputError where a field is missing, or asks for what is not supported: another kind of adapter, trained
 *   biases, whole modules beside the adapter, ranks by layer, and whatever this list does not know and is not empty
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

/** Content of the `adapter_config.json` that PEFT reads, sorted by name as it does. */
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
