/** Replacements for commonly tried names. */
const instead: Readonly<Record<string, readonly string[]>> = {
  adamW: ["beta1", "beta2", "epsilon", "weightDecay", "maxGradNorm"],
  keepBest: ["keepBestBy"],
  referenceUpdate: ["referenceEvery", "referenceEma"],
  training: ["batchSize", "learningRate", "schedule"],
  generation: ["maxNewTokens", "temperature", "topP"],
  sampling: ["maxNewTokens", "temperature", "topP"],
  sft: ["sftEpochs", "sftLearningRate", "sftBatchSize"],
  watch: ["signal", "quiet"],
  reporter: ["quiet"],
  rounds: ["epochs", "iterations"],
  iterations: ["rounds", "epochs"],
  epochs: ["rounds", "sftEpochs"],
  learningRate: ["sftLearningRate"],
  batchSize: ["sftBatchSize"],
  seed: ["seeds"],
};

/** Returns the known names that replace a commonly tried one. */
export function insteadOf(name: string, known: readonly string[]): readonly string[] {
  const others = (Object.hasOwn(instead, name) ? instead[name]! : []).filter((other) => known.includes(other));
  // Suggest fine-tuning options only if no others are known.
  const main = others.filter((other) => !other.startsWith("sft"));
  return main.length > 0 ? main : others;
}
