import type { ExampleSource, ExampleSourceOf } from "../align/example-source.js";
import { FollowingPolicy } from "../align/following-policy.js";
import type { ReferencedPair } from "../align/preference.js";
import { InputError } from "../base/errors.js";
import type { Random } from "../base/random.js";
import { generate, type Generation, type Sampling } from "../model/generation/generate.js";
import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import { isEmptyResponse } from "./form-pairs.js";
import { ReplayBuffer } from "./replay-buffer.js";
import { drawSegment, isRewrittenWhole, withSegment } from "./segment.js";

/** How {@link selfAugmentation} makes its pairs. */
export interface SelfAugmentationSettings {
  /** Tokens of a response that are written anew. */
  readonly segment: number;
  /** Whether all of every response is written anew, in at most `segment` tokens. */
  readonly whole: boolean;
  /** Rejected responses that are kept to be drawn from. */
  readonly bufferSize: number;
  /** Decay of the average of the policy that writes; 0 is the policy itself. */
  readonly averageDecay: number;
  /** Steps between updates of the average. */
  readonly averageEvery: number;
  /** What a reference that moves follows. */
  readonly referenceFollows: "average" | "policy";
  readonly sampling: Pick<Sampling, "temperature" | "topK" | "topP">;
  /** Most responses that are written at the same time. */
  readonly samplingBatchSize: number;
}

/**
 * Makes the pairs of a training as SAPO does (Yin et al. 2024, arXiv 2405.20830, by its code): before each step an
 * exponential moving average of the policy writes a segment of the step's chosen responses anew. What differs from the
 * response is put into a buffer, as rejected, and the step's pairs are drawn from that. Rejected responses of the data are
 * not used; those of its examples stand for the longest that may take their place, see {@link longestRewritten}.
 */
export function selfAugmentation(settings: SelfAugmentationSettings): ExampleSourceOf<ReferencedPair> {
  return async (policy, examples, random, kept) => {
    const { averageDecay, averageEvery: everySteps, bufferSize } = settings;
    if (examples.some(({ tokens }) => tokens))
      throw new InputError(
        "columns: numbers of single tokens belong to the data's rejected responses, which are not trained on; leave them out",
      );
    const parameters = kept ? named(kept, averagePrefix) : await policy.parameters();
    const average = await FollowingPolicy.begin(policy, parameters, { everySteps, weight: 1 - averageDecay });
    const buffer = ReplayBuffer.from(bufferSize, named(kept ?? new Map(), bufferPrefix));
    return new SelfAugmentation(settings, examples, random, average, buffer);
  };
}

/** Tokens of the longest response that may be written in the place of one of `length` tokens. */
export function longestRewritten(
  length: number,
  { segment, whole }: Pick<SelfAugmentationSettings, "segment" | "whole">,
): number {
  return whole || isRewrittenWhole(length, segment) ? segment : length;
}

const averagePrefix = "average/";
const bufferPrefix = "buffer/";

class SelfAugmentation implements ExampleSource<ReferencedPair> {
  samplingSeconds = 0;
  metrics = {};
  /** The buffer as it is once the step has been taken. */
  private after: ReplayBuffer;

  constructor(
    private readonly settings: SelfAugmentationSettings,
    private readonly examples: readonly ReferencedPair[],
    private readonly random: Random,
    private readonly average: FollowingPolicy,
    private buffer: ReplayBuffer,
  ) {
    this.after = buffer;
  }

  get leader(): Policy | undefined {
    return this.settings.referenceFollows === "average" ? this.average.policy : undefined;
  }

  async next(step: number, planned: readonly number[], signal?: AbortSignal): Promise<ReferencedPair[]> {
    const made = await this.rewritten(step, planned, signal);
    const filled = this.buffer.with(made);
    if (filled.entries.length === 0) {
      throw new InputError(
        `step ${step}: each of the ${planned.length} responses was written anew as it was, which leaves nothing to compare; raise segmentTemperature or segment`,
      );
    }
    const { drawn, buffer } = filled.draw(planned.length, this.random.fork("draw", step));
    this.after = buffer;
    this.metrics = {
      "augmentation/new": made.length,
      "augmentation/unchanged": planned.length - made.length,
      "augmentation/buffer": buffer.entries.length,
    };
    return drawn.map(({ example, tokens }) => {
      const pair = this.examples[example]!;
      return { ...pair, rejected: { prompt: pair.rejected.prompt, response: tokens } };
    });
  }

  async follow(policy: Policy, step: number): Promise<void> {
    this.buffer = this.after;
    await this.average.follow(policy, step);
  }

  async state(): Promise<Parameters> {
    const prefixed = (prefix: string, tensors: Parameters) =>
      [...tensors].map(([name, values]) => [`${prefix}${name}`, values] as const);
    return new Map([
      ...prefixed(averagePrefix, await this.average.parameters()),
      ...prefixed(bufferPrefix, this.buffer.tensors()),
    ]);
  }

  async free(): Promise<void> {
    await this.average.free();
  }

  /** The step's chosen responses with a segment of each written anew, where that makes another one. */
  private async rewritten(step: number, planned: readonly number[], signal: AbortSignal | undefined) {
    const { segment: length, whole, sampling, samplingBatchSize: batchSize } = this.settings;
    const random = this.random.fork("segments", step);
    const segments = planned.map((i) => {
      const { prompt, response } = this.examples[i]!.chosen;
      const segment = whole
        ? { start: 0, most: length, isWhole: true }
        : drawSegment(response.length, length, random.fork("start", i));
      return {
        example: i,
        response,
        segment,
        request: {
          key: `${i}`,
          prompt: Int32Array.from([...prompt, ...response.subarray(0, segment.start)]),
          responses: 1,
        },
      };
    });
    const requests = segments.map(({ request }) => request);
    const begin = performance.now();
    const options = { ...sampling, maxNewTokens: length, batchSize };
    const written = new Map<number, Generation>();
    for await (const batch of generate(this.average.policy, requests, random.fork("sample"), options, {
      ...(signal && { signal }),
    })) {
      for (const generation of batch) written.set(generation.request, generation);
    }
    this.samplingSeconds += (performance.now() - begin) / 1000;
    // In the order of the step: how many are written at the same time is not to matter.
    return segments.flatMap(({ example, response, segment }, i) => {
      const { tokens: own, complete } = written.get(i)!;
      const tokens = withSegment(response, segment, own, complete);
      const isNew =
        tokens.join() !== response.join() && !isEmptyResponse([...tokens], this.average.policy.tokenizer.stopIds);
      return isNew ? [{ example, tokens }] : [];
    });
  }
}

/** Those of some tensors whose names begin with a prefix, without it. */
function named(tensors: Parameters, prefix: string): Parameters {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, values]) => [name.slice(prefix.length), values]),
  );
}
