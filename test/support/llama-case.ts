import { readFile } from "node:fs/promises";
import type { ReferencedPair } from "../../src/align/preference.js";
import type { TokenSequence } from "../../src/model/batch.js";
import type { ModelConfig } from "../../src/model/config.js";
import type { Parameters } from "../../src/model/parameters.js";
import { readSafetensors } from "../../src/model/safetensors.js";

/** The models whose numbers PyTorch computed in float64; `test/fixtures/llama/make.py` says how. */
export const llamaCases = ["tied", "grouped"] as const;

/** `case.json`, as make.py writes it. */
interface CaseJson {
  readonly config: ModelConfig;
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
  readonly sft: { readonly loss: number };
  readonly dpo: { readonly beta: number; readonly loss: number };
  readonly greedy: readonly { readonly prompt: number[]; readonly continuation: number[] }[];
  readonly training: {
    readonly steps: number;
    readonly learningRate: number;
    readonly weightDecay: number;
    readonly betas: readonly [number, number];
    readonly epsilon: number;
    readonly maxGradNorm: number;
    readonly losses: number[];
    readonly gradNorms: number[];
  };
}

/** A fixture model with what is expected of it. */
export interface LlamaCase extends CaseJson {
  readonly parameters: Parameters;
  readonly gradients: { readonly sft: Parameters; readonly dpo: Parameters };
  readonly trained: Parameters;
  readonly referencedPairs: readonly ReferencedPair[];
  /** chosen, rejected, chosen, rejected … */
  readonly sequences: readonly TokenSequence[];
  /** log π(y | x) of `sequences`. */
  readonly logProbs: readonly number[];
}

export async function loadLlamaCase(name: (typeof llamaCases)[number]): Promise<LlamaCase> {
  const folder = `test/fixtures/llama/${name}`;
  const json = JSON.parse(await readFile(`${folder}/case.json`, "utf8")) as CaseJson;
  const tensors = async (file: string) => (await readSafetensors(`${folder}/${file}.safetensors`)).tensors;
  const referencedPairs = json.pairs.map(({ prompt, chosen, rejected, referenceChosen, referenceRejected }) => ({
    chosen: { prompt: Int32Array.from(prompt), response: Int32Array.from(chosen) },
    rejected: { prompt: Int32Array.from(prompt), response: Int32Array.from(rejected) },
    referenceChosen,
    referenceRejected,
  }));
  return {
    ...json,
    parameters: await tensors("weights"),
    gradients: { sft: await tensors("gradients-sft"), dpo: await tensors("gradients-dpo") },
    trained: await tensors("after-5-steps"),
    referencedPairs,
    sequences: referencedPairs.flatMap(({ chosen, rejected }) => [chosen, rejected]),
    logProbs: json.pairs.flatMap(({ chosenLogProb, rejectedLogProb }) => [chosenLogProb, rejectedLogProb]),
  };
}
