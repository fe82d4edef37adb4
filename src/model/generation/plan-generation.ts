import { chunk, groupBy } from "../../base/collections.js";
import { roundUp } from "../scoring/batch.js";
import type { GenerationShape } from "./cache.js";

/** Responses wanted to one prompt. */
export interface GenerationRequest {
  /** Names the random stream of each response, together with its number. */
  readonly key: string;
  /** Token ids, at least one. */
  readonly prompt: Int32Array;
  readonly responses: number;
}

/** A response to be written. */
export interface PlannedRow {
  /** Index of the request. */
  readonly request: number;
  /** 0 … responses−1. */
  readonly number: number;
  readonly prompt: Int32Array;
  /** Names its random stream, together with its number. */
  readonly key: string;
}

/** Responses that are written together. */
export interface PlannedBatch {
  readonly shape: GenerationShape;
  readonly rows: readonly PlannedRow[];
}

/** Batches of responses to prompts of like length; batches of one length share a shape. */
export function planGeneration(
  requests: readonly GenerationRequest[],
  { contextLength, maxNewTokens, batchSize }: { contextLength: number; maxNewTokens: number; batchSize: number },
): PlannedBatch[] {
  const wanted = requests.flatMap(({ key, prompt, responses }, request) =>
    Array.from({ length: responses }, (_, number): PlannedRow => ({ request, number, prompt, key })),
  );
  const byLength = groupBy(wanted, ({ prompt }) => Math.min(roundUp(prompt.length), contextLength - 1));
  return [...byLength].sort(([a], [b]) => a - b).flatMap(([promptLength, members]) => {
    const rows = Math.min(members.length, batchSize);
    const batches = chunk(members, rows);
    const prompts = Math.max(...batches.map((batch) => new Set(batch.map(({ request }) => request)).size));
    const capacity = Math.min(promptLength + maxNewTokens, contextLength);
    return batches.map((batch) => ({ rows: batch, shape: { prompts, promptLength, rows, capacity } }));
  });
}
