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

/** Settings of {@link selfAugmentation}. */
export interface SelfAugmentationSettings {
  /** Number of response tokens to regenerate. */
  readonly segment: number;
  /** Whether every response is regenerated as a whole, in at most `segment` tokens. */
  readonly whole: boolean;
  /** Capacity of the buffer of rejected responses. */
  readonly bufferSize: number;
  /** Decay of the averaged policy that generates; 0 is the policy itself. */
  readonly averageDecay: number;
  /** Steps between updates of the average. */
  readonly averageEvery: number;
  /** What a moving reference follows. */
  readonly referenceFollows: "average" | "policy";
  readonly sampling: Pick<Sampling, "temperature" | "topK" | "topP">;
  /** Maximum number of responses generated at the same time. */
  readonly samplingBatchSize: number;
}

/**
 * Generates the pairs of a training as in SAPO (Yin et al. 2024, arXiv 2405.20830, following its code): before each
 * step, an exponential moving average of the policy regenerates a segment of the step's chosen responses. Results that
 * differ from the original go into a buffer as rejected responses, from which the step's pairs are drawn. The data's
 * rejected responses are not used; in the examples they are stand-ins of the maximum possible length, see
 * {@link longestRewritten}.
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

/** Returns the maximum length of a response that replaces one of `length` tokens. */
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
  /** The buffer after the step. */
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
        `step ${step}: each of the ${planned.length} responses was rewritten as it was, which leaves nothing to compare; raise segmentTemperature or segment`,
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

  /** Returns the step's chosen responses with a regenerated segment each, if that changes them. */
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
    // In the order of the step, so that the sampling batch size does not matter.
    return segments.flatMap(({ example, response, segment }, i) => {
      const { tokens: own, complete } = written.get(i)!;
      const tokens = withSegment(response, segment, own, complete);
      const isNew =
        tokens.join() !== response.join() && !isEmptyResponse([...tokens], this.average.policy.tokenizer.stopIds);
      return isNew ? [{ example, tokens }] : [];
    });
  }
}

/** Returns the tensors whose names start with a prefix, without the prefix. */
function named(tensors: Parameters, prefix: string): Parameters {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, values]) => [name.slice(prefix.length), values]),
  );
}
