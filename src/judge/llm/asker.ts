import type { z } from "zod";
import { InputError } from "../../base/errors.js";
import type { Estimate } from "../judge.js";
import { AnswerCache } from "./answer-cache.js";
import { readAnswer } from "./answers.js";
import type { Budget, Tokens } from "./budget.js";
import { RequestFailure } from "../../base/requests/failure.js";
import { concurrencyLimit } from "../../base/requests/concurrency-limit.js";
import { withRetries } from "../../base/requests/with-retries.js";
import { estimatedTokens } from "./prices.js";
import type { Reply, Send } from "./provider.js";
import type { AskerSettings } from "./settings.js";

/** Invalid answers after which a question is given up. */
const mostAnswers = 3;
/** Approximate length in tokens of an answer to the shipped prompts, for estimates. */
const usualAnswer = 100;
/** Milliseconds that a request may take to finish after an interrupt: its answer is paid for. */
const grace = 5000;

/** A question to a model: its text, the schema of its answer, and the key under which the answer is cached. */
export interface Question<T> {
  readonly text: string;
  readonly schema: z.ZodType<T>;
  readonly key: string;
}

/** The model to ask, and how to interpret its failures. */
export interface AskedModel {
  readonly name: string;
  readonly send: Send;
  /** Interprets an error thrown by `send`. */
  readonly failureOf: (error: unknown) => RequestFailure;
}

/** Asks a model questions: from the cache if possible, within the budget, with limited concurrency and retries. */
export class Asker {
  private readonly limited: ReturnType<typeof concurrencyLimit>;
  private readonly underWay = new Map<string, Promise<unknown>>();
  private readonly cache: AnswerCache;

  constructor(
    private readonly model: AskedModel,
    private readonly budget: Budget,
    private readonly settings: AskerSettings,
  ) {
    this.limited = concurrencyLimit(settings.concurrency);
    this.cache = new AnswerCache(settings.cache);
  }

  /** Estimates the cost of the questions whose answers are not cached. */
  async estimate(questions: readonly Question<unknown>[]): Promise<Estimate> {
    const texts = new Map(questions.map(({ key, text }) => [key, text]));
    const open = (
      await Promise.all([...texts].map(async ([key, text]) => ((await this.cache.has(key)) ? [] : [text])))
    ).flat();
    const tokens = {
      inputTokens: open.reduce((sum, text) => sum + estimatedTokens(text), 0),
      outputTokens: open.length * Math.min(usualAnswer, this.settings.maxTokens),
    };
    return { calls: open.length, cached: texts.size - open.length, ...tokens, cost: this.budget.cost(tokens) };
  }

  /**
   * Answers a question. Identical questions asked at the same time share one request.
   *
   * @throws InputError if no answer is valid, a cap is reached, or the server fails permanently; the signal's reason
   */
  ask<T>(question: Question<T>, signal: AbortSignal | undefined): Promise<T> {
    const same = this.underWay.get(question.key) as Promise<T> | undefined;
    if (same !== undefined) return same;
    const answer = this.limited(() => this.answer(question, signal)).finally(() => this.underWay.delete(question.key));
    this.underWay.set(question.key, answer);
    return answer;
  }

  private async answer<T>({ text, schema, key }: Question<T>, signal: AbortSignal | undefined): Promise<T> {
    const kept = await this.cache.read(key);
    const known = kept && readAnswer(schema, kept.answer);
    if (known && "value" in known) {
      this.budget.countCached();
      return known.value;
    }
    const { name } = this.model;
    const { maxTokens } = this.settings;
    const used = { inputTokens: 0, outputTokens: 0 };
    let wrong = "";
    for (let answers = 0; answers < mostAnswers; answers++) {
      const message = wrong
        ? `${text}\n\nYour previous answer was invalid: ${wrong}. Reply with the JSON object alone.`
        : text;
      const reply = await withRetries(() => this.request(message, signal), { ...this.settings, signal });
      used.inputTokens += reply.used.inputTokens;
      used.outputTokens += reply.used.outputTokens;
      const read = readAnswer(schema, reply.text);
      if ("value" in read) {
        await this.cache.keep(key, { judge: name, answer: reply.text, ...used });
        return read.value;
      }
      wrong = reply.cut ? `${read.wrong} (cut off at maxTokens ${maxTokens})` : read.wrong;
    }
    throw new InputError(`${name}: ${mostAnswers} invalid answers; the last: ${wrong}`);
  }

  private async request(message: string, signal: AbortSignal | undefined): Promise<Reply & { readonly used: Tokens }> {
    const { maxTokens, timeoutSeconds } = this.settings;
    const most = { inputTokens: estimatedTokens(message), outputTokens: maxTokens };
    const finish = this.budget.begin(most);
    const late = AbortSignal.timeout(1000 * timeoutSeconds);
    const [interrupted, release] = delayed(signal);
    try {
      const reply = await this.model.send(message, AbortSignal.any([late, interrupted]));
      const used = reply.used ?? { ...most, outputTokens: estimatedTokens(reply.text) };
      finish(used);
      return { ...reply, used };
    } catch (error) {
      if (interrupted.aborted) signal?.throwIfAborted();
      if (late.aborted)
        throw new RequestFailure(`${this.model.name}: no response within ${timeoutSeconds} s`, {
          transient: true,
          billed: true,
        });
      const failure = this.model.failureOf(error);
      if (!failure.billed) finish({ inputTokens: 0, outputTokens: 0 });
      throw failure;
    } finally {
      release();
    }
  }
}

/** A signal that aborts {@link grace} after another one, and a function that cancels this. */
function delayed(signal: AbortSignal | undefined): readonly [AbortSignal, () => void] {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const follow = () => void (timer = setTimeout(() => controller.abort(), grace));
  signal?.addEventListener("abort", follow, { once: true });
  const release = () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", follow);
  };
  return [controller.signal, release];
}
