import { z } from "zod";
import { jsonFile, rowsFile } from "./files.js";
import {
  bootstrappedRow,
  contextFit,
  demonstrationRow,
  evaluation,
  judgedResponse,
  labelledSampleRow,
  labels,
  loggedStep,
  pairRow,
  pairLogProbsRow,
  promptRow,
  recordedCommand,
  reviewedRow,
  runSummary,
  sampleBatch,
  sampleRow,
  userMetrics,
} from "./schemas.js";

/** Every file of a run's folder. Nothing else in the library knows their names. */
export const runLayout = {
  /** The tokenized pairs for training, and those for evaluation and model selection. */
  pairs: rowsFile("pairs.jsonl", pairRow),
  heldOutPairs: rowsFile("held-out-pairs.jsonl", pairRow),
  /** The tokenized prompts for evaluation, if they were given without responses. */
  heldOutPrompts: rowsFile("held-out-prompts.jsonl", promptRow),
  validationPairs: rowsFile("validation-pairs.jsonl", pairRow),
  demonstrations: rowsFile("demonstrations.jsonl", demonstrationRow),
  /** What was read from the data files, skipped and truncated. */
  data: jsonFile("data.json", z.record(z.string(), z.unknown())),
  /** How texts were fitted to the context. */
  fit: jsonFile("fit.json", contextFit),
  /** The command line that began the run, if any. */
  command: jsonFile("command.json", recordedCommand),
  /** Every optimizer step of every iteration, under TRL's names. */
  metrics: rowsFile("metrics.jsonl", loggedStep),
  summary: jsonFile("summary.json", runSummary),
  report: "report.html",
  /** The tokenizer of a run that trains adapters, which have none of their own. */
  tokenizer: "tokenizer",
  iteration: iterationLayout,
} as const;

function iterationLayout(t: number) {
  const file = (name: string) => `iteration-${t}/${name}`;
  return {
    folder: `iteration-${t}`,
    /** The trained model, or adapter. */
    model: file("model"),
    /** log π_ref of the iteration's training pairs; for iteration 0, of the data's pairs under the start. */
    reference: rowsFile(file("reference.jsonl"), pairLogProbsRow),
    /** The same for the pairs that training evaluates on. */
    validationReference: rowsFile(file("validation-reference.jsonl"), pairLogProbsRow),
    /** The review that precedes the iteration. */
    margins: rowsFile(file("margins.jsonl"), reviewedRow),
    /** Sampled responses by batch, until they are labelled. */
    drawn: rowsFile(file("unlabelled.jsonl"), sampleBatch),
    samples: rowsFile(file("samples.jsonl"), sampleRow),
    labelledSamples: rowsFile(file("samples.jsonl"), labelledSampleRow),
    /** Responses that a judge has graded, if it grades only some. */
    graded: rowsFile(file("graded.jsonl"), labelledSampleRow),
    /** What labelled the samples. */
    labels: jsonFile(file("labels.json"), labels),
    bootstrapped: rowsFile(file("bootstrapped.jsonl"), bootstrappedRow),
    /** log π of the held-out pairs. */
    heldOut: rowsFile(file("held-out.jsonl"), pairLogProbsRow),
    /** Responses to held-out prompts. */
    responses: rowsFile(file("responses.jsonl"), judgedResponse),
    evaluation: jsonFile(file("evaluation.json"), evaluation),
    /** Results of the user's own evaluation. */
    userMetrics: jsonFile(file("user-metrics.json"), userMetrics),
    /** The checkpoint from which an interrupted training resumes; each has a different number from the previous one. */
    checkpoint: (number: number) => file(`checkpoint-${number}.safetensors`),
  };
}

/** Returns the iteration that a file of a run belongs to; undefined for files of the whole run. */
export function iterationOf(path: string): number | undefined {
  const found = /^iteration-(\d+)\//.exec(path)?.[1];
  return found === undefined ? undefined : Number(found);
}
