import type { Random } from "../../base/random.js";
import type { TaskOptions } from "../../base/task.js";
import { inLanes, lanesFor, type Reader } from "./lanes.js";
import type { Policy } from "../policy/policy.js";
import { decodeTokens, Row } from "./decode-tokens.js";
import { InputError, quote } from "../../base/errors.js";
import { freezesParameters } from "./freezing.js";
import { checkedCombine, checkGuides, type LogitGuidance } from "./guidance.js";
import { planGenerationWithin, type GenerationRequest } from "./plan-generation.js";
import { samplingOf, type Sampling } from "./sampling.js";

export type { GenerationRequest } from "./plan-generation.js";
export { samplingOf, type Sampling } from "./sampling.js";

export interface GenerationOptions extends Partial<Sampling> {
  /** Default 256; limited to the space left in the context. */
  readonly maxNewTokens?: number;
  /** Ids that end a response; they are kept as its last token. Default: the tokenizer's `stopIds`. */
  readonly stopTokens?: readonly number[];
  /** Responses generated in parallel; fewer if memory is scarce. Default 128. */
  readonly batchSize?: number;
  /**
   * Names of responses ({@link responseName}) already yielded by an earlier, interrupted call; they are skipped. Default: none.
   */
  readonly known?: ReadonlySet<string>;
  /** Generates from several contexts, whose prompts are the requests' `others`. Default: from the request's own prompt only. */
  readonly guidance?: LogitGuidance | undefined;
  /** Whether to return each response's log-probability; not available under guidance. Default false. */
  readonly logProbs?: boolean;
}

/** Identifies a response to a request among those of one call. */
export function responseName(key: string, number: number): string {
  return `${number} ${key}`;
}

/** Whether a response is left out because it is {@link GenerationOptions.known}. */
export function isLeftOut({ known }: Pick<GenerationOptions, "known">, key: string, number: number): boolean {
  return known?.has(responseName(key, number)) ?? false;
}

/** A generated response. */
export interface Generation {
  /** Index of the request. */
  readonly request: number;
  /** 0 … responses−1. */
  readonly number: number;
  /** Token ids, including the stop token that ended it. */
  readonly tokens: Int32Array;
  /** Whether a stop token ended it; false if it reached the limit. */
  readonly complete: boolean;
  /**
   * log π(y | x): the sum over its tokens under the unmodified policy, at temperature 1 and without limits, in nats; present if
   * requested. Equals the result of scoring up to float noise.
   */
  readonly logProb?: number;
}

/** One token of a response in progress. */
export interface GeneratedToken extends Pick<Generation, "request" | "number"> {
  readonly token: number;
  /** Whether it is the last of its response. */
  readonly last: boolean;
}

/**
 * Samples responses, many in parallel, with cached keys and values; a prompt is read once for all its responses. Each response
 * has its own random stream, named by its request's key and its number, so that its text does not depend on the rest of the
 * batch, beyond float noise.
 *
 * Yields the responses of each batch when it is done, in batch order. A small model generates on several lanes at once; see
 * {@link lanesFor}. Defaults: temperature 1, no top-k, top-p or min-p, no repetition penalty.
 *
 * @throws RangeError if a prompt is empty or leaves no room for a response, or an option is outside its range
 */
export async function* generate(
  policy: Policy,
  requests: readonly GenerationRequest[],
  random: Random,
  options: GenerationOptions = {},
  { signal, onProgress, onNote }: TaskOptions = {},
): AsyncGenerator<Generation[]> {
  const total = requests.reduce((count, { responses }) => count + responses, 0);
  const { batches, policies, memory } = planned(policy, requests, random, options, onNote);
  let done = total - batches.reduce((count, { rows }) => count + rows.length, 0);
  // A large model takes a minute for a batch, so responses count as soon as they have ended.
  const onEnded = (rows: number) => onProgress?.((done += rows), total);
  const lanes = lanesFor(policy, batches.length, memory);
  const write = (batch: Batch, readers: readonly Reader[], signal?: AbortSignal) =>
    writeWhole(batch, readers, onEnded, signal);
  for await (const rows of inLanes(lanes, policies, batches, write, signal)) {
    yield rows.map(({ request, number, tokens, complete, logProb }) => ({
      ...{ request, number, tokens: Int32Array.from(tokens), complete },
      ...(options.logProbs && { logProb }),
    }));
  }
}

/**
 * Generates like {@link generate}, and yields the tokens of each step as they are chosen, one for each response that has not
 * ended. If the caller stops iterating, generation stops.
 *
 * @throws RangeError as {@link generate} does
 */
export async function* generateTokens(
  policy: Policy,
  requests: readonly GenerationRequest[],
  random: Random,
  options: Omit<GenerationOptions, "known" | "logProbs"> = {},
  { signal }: Pick<TaskOptions, "signal"> = {},
): AsyncGenerator<GeneratedToken[]> {
  const { batches, policies } = planned(policy, requests, random, options);
  for (const { write } of batches) {
    for await (const rows of write(policies, signal)) {
      yield rows.map(({ request, number, tokens, done }) => ({ request, number, token: tokens.at(-1)!, last: done }));
    }
  }
}

/** Responses generated together; `write` generates them step by step. */
interface Batch {
  readonly rows: readonly Row[];
  /** @param readers of each context */
  write(readers: readonly Reader[], signal?: AbortSignal): AsyncGenerator<readonly Row[]>;
}

/**
 * Runs a batch to its end.
 *
 * @param onEnded called with the number of responses that have ended in a step, if any have
 */
async function writeWhole(
  { rows, write }: Batch,
  readers: readonly Reader[],
  onEnded: (rows: number) => void,
  signal?: AbortSignal,
): Promise<readonly Row[]> {
  for await (const written of write(readers, signal)) {
    const ended = written.filter(({ done }) => done).length;
    if (ended > 0) onEnded(ended);
  }
  return rows;
}

/** Plans the batches, without known responses; also returns the models that read each context, and the available memory. */
function planned(
  policy: Policy,
  requests: readonly GenerationRequest[],
  random: Random,
  options: GenerationOptions,
  onNote?: TaskOptions["onNote"],
) {
  const { maxNewTokens = 256, batchSize = 128, stopTokens = policy.tokenizer.stopIds } = options;
  const sampling = samplingOf(options);
  checkCount("maxNewTokens", maxNewTokens);
  checkCount("batchSize", batchSize);
  checkStopTokens(stopTokens);
  const { guidance, logProbs = false } = options;
  if (guidance) checkGuides(policy, guidance);
  if (guidance && logProbs)
    throw new InputError(
      "logProbs: what is written under guidance has no log-probability under one model; leave it out",
    );
  const policies = contextPolicies(policy, requests, guidance);
  const contextLengths = policies.map(({ config }) => config.contextLength);
  for (const { key, prompt, others = [] } of requests) {
    for (const [context, { length }] of [prompt, ...others].entries()) {
      const whose = `the ${context === 0 ? "prompt" : "guiding prompt"} of "${key}"`;
      if (length === 0) throw new RangeError(`${whose} has no token`);
      if (length >= contextLengths[context]!)
        throw new RangeError(`${whose} has ${length} tokens, the context is ${contextLengths[context]}`);
    }
  }
  const combine = guidance && checkedCombine(guidance.combine, policy.config.vocabSize);
  const choice = { sampling, stops: new Set(stopTokens), maxNewTokens, combine, logProbs };
  const sizes = { contextLengths, maxNewTokens, batchSize };
  const {
    batches,
    batchSize: fitting,
    steps,
    memory,
  } = planGenerationWithin(policy.programs.memory, policy.config, requests, sizes);
  const wanted = requests.reduce((count, { responses }) => count + responses, 0);
  if (fitting < Math.min(batchSize, wanted))
    onNote?.(
      `up to ${fitting} responses at once instead of ${batchSize}, to fit into memory (set memory to change it)`,
    );
  const frozen = policies.map(({ config, programs }) => freezesParameters(config, steps, programs.memory));
  // All responses are planned, known ones too, so that the rest run in the same programs as in an uninterrupted call.
  const ready = batches.flatMap(({ shapes, rows: rowsOfBatch }): Batch[] => {
    const left = rowsOfBatch.filter(({ key, number }) => !isLeftOut(options, key, number));
    if (left.length === 0) return [];
    const rows = left.map((row) => new Row(row, random, contextLengths, choice));
    const batch: Batch = {
      rows,
      write(readers, signal) {
        const contexts = readers.map((reader, i) => ({ reader, shape: shapes[i]!, frozen: frozen[i]! }));
        return decodeTokens(contexts, rows, choice, signal);
      },
    };
    return [batch];
  });
  return { batches: ready, policies, memory };
}

/** The models that read each context of the requests. @throws InputError if contexts and guidance do not match */
function contextPolicies(
  policy: Policy,
  requests: readonly GenerationRequest[],
  guidance: LogitGuidance | undefined,
): Policy[] {
  const count = requests[0]?.others?.length ?? 0;
  if (requests.some(({ others = [] }) => others.length !== count))
    throw new InputError("guidance: requests have different numbers of contexts; give each as many");
  if (guidance && requests.length > 0 && count === 0)
    throw new InputError("guidance: requests have one context each; give the prompts of the others as `others`");
  if (!guidance && count > 0)
    throw new InputError("requests have several contexts; say by `guidance` what is made of their logits");
  const { models } = guidance ?? {};
  if (models && requests.length > 0 && models.length !== count)
    throw new InputError(
      `guidance: ${models.length} models for ${count} contexts beside the request's own; give one for each`,
    );
  return [policy, ...(models ?? new Array<Policy>(count).fill(policy))];
}

/** @throws RangeError if they are not a list of ids, such as texts */
function checkStopTokens(stopTokens: readonly number[]): void {
  if (!Array.isArray(stopTokens) || !stopTokens.every((id) => Number.isInteger(id) && id >= 0))
    throw new RangeError(`stopTokens is a list of token ids, got ${quote(stopTokens)}`);
}

/** @throws RangeError if a number is not a whole number of at least 1 */
export function checkCount(name: string, count: number): void {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`${name} is a whole number from 1, got ${count}`);
}
