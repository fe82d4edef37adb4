import type { Parameters } from "../../src/model/parameters/parameters.js";
import { caseTensors, caseText, loadModelCase, type ModelCase } from "./model-case.js";

/** The models that PyTorch also trained; see `test/fixtures/llama/make.py`. */
export const llamaCases = ["tied", "grouped"] as const;

/** The fields of `case.json` beyond those of every case. */
interface LlamaJson {
  readonly sft: { readonly loss: number };
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

export interface LlamaCase extends ModelCase, LlamaJson {
  readonly sftGradients: Parameters;
  readonly trained: Parameters;
}

export async function loadLlamaCase(name: (typeof llamaCases)[number]): Promise<LlamaCase> {
  const folder = `llama/${name}`;
  return {
    ...(JSON.parse(await caseText(folder, "case.json")) as LlamaJson),
    ...(await loadModelCase(folder)),
    sftGradients: await caseTensors(folder, "gradients-sft"),
    trained: await caseTensors(folder, "after-5-steps"),
  };
}
