import { readFile } from "node:fs/promises";
import type { ReferencedPair } from "../../src/align/preference.js";
import { parseHuggingFaceConfig } from "../../src/model/checkpoint/hugging-face-config.js";
import { readSafetensors } from "../../src/model/checkpoint/safetensors/safetensors.js";
import type { ModelConfig } from "../../src/model/config.js";
import type { Parameters } from "../../src/model/parameters/parameters.js";
import type { TokenSequence } from "../../src/model/scoring/batch.js";

/** Models of every architecture, as transformers writes them; see `test/fixtures/architectures/make.py`. */
export const architectureCases = [
  ...[
    "llama3",
    "mistral",
    "qwen2",
    "pythia",
    "gpt-neox",
    "gpt2",
    "llama-yarn",
    "qwen3",
    "smollm3",
    "granite",
    "olmo2",
    "phi3",
  ],
  ...["gemma2", "gemma3", "stablelm", "stablelm-parallel", "mixtral", "qwen3-moe", "qwen3-moe-normalized"],
] as const;

/** The models with values that PyTorch computed in float64, by their folder in `test/fixtures`. */
export const modelCases: readonly string[] = [
  "llama/tied",
  "llama/grouped",
  ...architectureCases.map((name) => `architectures/${name}`),
];

/** The fields of every `case.json`. */
interface CaseJson {
  /** Only if there is no config.json next to it. */
  readonly config?: ModelConfig;
  readonly pairs: readonly {
    readonly prompt: number[];
    readonly chosen: number[];
    readonly rejected: number[];
    readonly chosenLogProbs: number[];
    readonly rejectedLogProbs: number[];
    readonly chosenLogProb: number;
    readonly rejectedLogProb: number;
    readonly referenceChosen: number;
    readonly referenceRejected: number;
  }[];
  readonly logits: { readonly row: number[]; readonly values: number[][] };
  readonly dpo: { readonly beta: number; readonly loss: number };
  readonly greedy: readonly { readonly prompt: number[]; readonly continuation: number[] }[];
}

/** A fixture model with its expected values. */
export interface ModelCase extends CaseJson {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  readonly dpoGradients: Parameters;
  readonly referencedPairs: readonly ReferencedPair[];
  /** chosen, rejected, chosen, rejected … */
  readonly sequences: readonly TokenSequence[];
  /** log π(y | x) of `sequences`. */
  readonly logProbs: readonly number[];
}

/** Tensors of a fixture model's folder. */
export async function caseTensors(name: string, file: string): Promise<Parameters> {
  return (await readSafetensors(`test/fixtures/${name}/${file}.safetensors`)).tensors;
}

/** Text of a file in a fixture model's folder. */
export function caseText(name: string, file: string): Promise<string> {
  return readFile(`test/fixtures/${name}/${file}`, "utf8");
}

export async function loadModelCase(name: string): Promise<ModelCase> {
  const json = JSON.parse(await caseText(name, "case.json")) as CaseJson;
  const referencedPairs = json.pairs.map(({ prompt, chosen, rejected, referenceChosen, referenceRejected }) => ({
    chosen: { prompt: Int32Array.from(prompt), response: Int32Array.from(chosen) },
    rejected: { prompt: Int32Array.from(prompt), response: Int32Array.from(rejected) },
    referenceChosen,
    referenceRejected,
  }));
  return {
    ...json,
    config: json.config ?? parseHuggingFaceConfig(await caseText(name, "config.json"), `${name}/config.json`),
    parameters: await caseTensors(name, "weights"),
    dpoGradients: await caseTensors(name, "gradients-dpo"),
    referencedPairs,
    sequences: referencedPairs.flatMap(({ chosen, rejected }) => [chosen, rejected]),
    logProbs: json.pairs.flatMap(({ chosenLogProb, rejectedLogProb }) => [chosenLogProb, rejectedLogProb]),
  };
}
