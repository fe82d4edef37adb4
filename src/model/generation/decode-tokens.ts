import type { Random } from "../../base/random.js";
import type { NextTokenScores } from "./cache.js";
import { CachedContext, type DecodingContext, type TokenScores } from "./cached-context.js";
import type { CombineLogits } from "./guidance.js";
import type { PlannedRow } from "./plan-generation.js";
import { drawsFromProbabilities, drawToken, logProbOf, sampleToken, type Sampling } from "./sampling.js";

/** How tokens are chosen, and when a response ends. */
export interface Choice {
  readonly sampling: Sampling;
  readonly stops: ReadonlySet<number>;
  readonly maxNewTokens: number;
  /** Combines the logits of several contexts, if there are several. */
  readonly combine?: CombineLogits | undefined;
  /** Whether to compute each row's log-probability. */
  readonly logProbs: boolean;
}

/** A response during generation. */
export class Row {
  readonly request: number;
  readonly number: number;
  /** Its prompt in each context. */
  readonly prompts: readonly Int32Array[];
  readonly tokens: number[] = [];
  /** Whether it has ended. */
  done = false;
  /** Whether a stop token ended it. */
  complete = false;
  /**
   * Log-probability of the tokens so far under the unmodified model: at temperature 1, without limits, in nats; 0 if not
   * requested.
   */
  logProb = 0;
  private readonly random: Random;
  private readonly limit: number;

  /**
   * @param random stream of all responses; the row derives its own from it
   * @param contextLengths of the models that read it, one for each of its prompts
   */
  constructor(
    { request, number, prompts, key }: PlannedRow,
    random: Random,
    contextLengths: readonly number[],
    private readonly choice: Choice,
  ) {
    this.request = request;
    this.number = number;
    this.prompts = prompts;
    this.random = random.fork(key, number);
    this.limit = Math.min(
      choice.maxNewTokens,
      ...prompts.map((prompt, context) => contextLengths[context]! - prompt.length),
    );
  }

  /** Chooses the next token. @param scores of each context for it */
  take(scores: readonly TokenScores[]): void {
    const { sampling, stops, combine, logProbs } = this.choice;
    const [{ values, untempered = values }] = scores as [TokenScores];
    const fromLogits = scoresFor(this.choice) === "logits";
    const token = fromLogits
      ? sampleToken(
          combine ? combine(scores.map((context) => context.values)) : values,
          sampling,
          this.random,
          this.seen(),
        )
      : drawToken(values, sampling, this.random);
    if (logProbs) this.logProb += fromLogits ? logProbOf(values, token) : Math.log(untempered[token]!);
    this.tokens.push(token);
    this.complete = stops.has(token);
    this.done = this.complete || this.tokens.length === this.limit;
  }

  private *seen(): Generator<number> {
    yield* this.prompts[0]!;
    yield* this.tokens;
  }
}

/** The scores that the choice of a token requires. */
function scoresFor({ sampling, combine, logProbs }: Choice): NextTokenScores {
  if (combine || !drawsFromProbabilities(sampling)) return "logits";
  return logProbs && sampling.temperature !== 1 ? "both probabilities" : "probabilities";
}

/**
 * Generates responses to their ends, one token per response and step; every context reads each token once. Yields after each step
 * the rows that have received a token.
 */
export async function* decodeTokens(
  contexts: readonly DecodingContext[],
  rows: readonly Row[],
  choice: Choice,
  signal?: AbortSignal,
): AsyncGenerator<readonly Row[]> {
  signal?.throwIfAborted();
  const open: CachedContext<Row>[] = [];
  try {
    for (const [i, context] of contexts.entries()) {
      open.push(
        await CachedContext.open(
          context,
          rows,
          ({ prompts }: Row) => prompts[i]!,
          scoresFor(choice),
          choice.sampling.temperature,
        ),
      );
    }
    let writing = rows;
    for (let step = 0; writing.length > 0; step++) {
      signal?.throwIfAborted();
      const scores = [];
      for (const context of open) scores.push(await (step === 0 ? context.read() : context.next(writing)));
      for (const row of writing) row.take(scores.map((of) => of(row)));
      yield writing;
      writing = writing.filter(({ done }) => !done);
    }
  } finally {
    for (const context of open) await context.free();
  }
}
