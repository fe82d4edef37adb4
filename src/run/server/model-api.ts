import { z } from "zod";
import { InputError, quote } from "../../base/errors.js";
import { Random } from "../../base/random.js";
import { fetchAnswer, readResponse } from "../../base/requests/answer.js";
import { concurrencyLimit } from "../../base/requests/concurrency-limit.js";
import { failureOf, RequestFailure } from "../../base/requests/failure.js";
import { withRetries } from "../../base/requests/with-retries.js";
import type { Prompt } from "../../data/pair.js";
import type { Sampling } from "../../model/generation/generate.js";
import type { ResolvedServerSettings } from "./settings.js";

/** Retries of a failed request, after 1, 2, 4 … s. */
const usualRetries = 5;

const listed = z.object({ data: z.array(z.object({ id: z.string() })) });
const usage = z.object({ prompt_tokens: z.int(), completion_tokens: z.int() });
const finish = z.enum(["stop", "length"]).catch("stop");
const number = z.number().nullable();
/** vLLM tells tokens as lists, llama.cpp as a list of tokens. */
const logProbs = z.union([
  z.object({ token_logprobs: z.array(number) }),
  z.object({ content: z.array(z.object({ id: z.int(), logprob: number })) }),
]);
const completed = z.object({
  choices: z
    .array(
      z.object({
        text: z.string(),
        finish_reason: finish,
        token_ids: z.array(z.int()).nullish(),
        logprobs: logProbs.nullish().catch(null),
      }),
    )
    .min(1),
  usage: usage.nullish().catch(null),
});
const chatted = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: finish })).min(1),
  usage: usage.nullish().catch(null),
});

/** A text that a server has written after given tokens. */
export interface Completion {
  readonly text: string;
  /** Token ids of the text, where the server tells them; some leave out the one that ended it. */
  readonly tokens: readonly number[] | undefined;
  /** Log-probability of each token, in nats, at temperature 1; with `echo` those of the given tokens come first, and the first is null. */
  readonly logProbs: readonly (number | null)[] | undefined;
  /** False where the limit ended it. */
  readonly complete: boolean;
  /** Tokens that the server has read. */
  readonly promptTokens: number | undefined;
  /** Tokens that it has written, that which ended the text included. */
  readonly writtenTokens: number | undefined;
}

/** What is to be gone on after, as text or as tokens, and fields of the API. */
export type CompletionRequest = Readonly<Record<string, unknown>> & {
  readonly model: string;
  readonly prompt: readonly number[] | string;
  readonly max_tokens: number;
};

/** An answer of a server to a conversation. */
export interface ChatAnswer {
  readonly text: string;
  readonly complete: boolean;
  /** Tokens of the answer, where the server counts them. */
  readonly tokens: number | undefined;
}

/** A response of the server that is an error. */
class StatusError extends Error {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    message: string,
  ) {
    super(message);
  }
}

/** The requests of OpenAI's API that are made of a server, with what vLLM and llama.cpp add to it: token ids in and out. */
export class ModelApi {
  private readonly limited: ReturnType<typeof concurrencyLimit>;
  private readonly random = Random.seeded(0).fork("server");
  private readonly host: string;
  private readonly key: string | undefined;

  /** @throws InputError where the environment variable of the key is not set */
  constructor(private readonly settings: ResolvedServerSettings) {
    this.limited = concurrencyLimit(settings.concurrency);
    this.host = new URL(settings.address).host;
    const { keyVariable } = settings;
    this.key = keyVariable === undefined ? undefined : process.env[keyVariable]?.trim();
    if (keyVariable !== undefined && !this.key)
      throw new InputError(`modelServer: no API key; set the environment variable ${keyVariable}`);
  }

  /** The names of what is served. */
  async models(signal: AbortSignal | undefined): Promise<string[]> {
    const { data } = readResponse(listed, await this.ask("models", undefined, signal));
    return data.map(({ id }) => id);
  }

  /** Goes on after given tokens. */
  async complete(request: CompletionRequest, signal: AbortSignal | undefined): Promise<Completion> {
    return completionIn(await this.ask("completions", request, signal));
  }

  /** {@link complete}, or what the server says against such a request. */
  async tried(request: CompletionRequest, signal: AbortSignal | undefined): Promise<Completion | string> {
    try {
      return completionIn(await this.ask("completions", request, signal, 0));
    } catch (error) {
      const { status } = error as RequestFailure;
      if (error instanceof RequestFailure && status !== undefined && status !== 401 && status !== 403)
        return error.message;
      throw error;
    }
  }

  /** Answers a prompt, which the server writes by its own chat template. */
  async chat(
    request: { readonly model: string } & Readonly<Record<string, unknown>>,
    prompt: Prompt,
    signal: AbortSignal | undefined,
  ): Promise<ChatAnswer> {
    const messages = typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
    const answer = await this.ask("chat/completions", { ...request, messages }, signal);
    const { choices, usage } = readResponse(chatted, answer);
    const { message, finish_reason } = choices[0]!;
    return { text: message.content ?? "", complete: finish_reason === "stop", tokens: usage?.completion_tokens };
  }

  /** Has the server load an adapter from a folder, by vLLM's request for it. */
  async loadAdapter(name: string, path: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.ask("load_lora_adapter", { lora_name: name, lora_path: path }, signal);
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      // A run that goes on finds its adapters loaded.
      if (/already/i.test(error.message)) return;
      throw new InputError(
        `${error.message}; a server that loads adapters is vLLM with --enable-lora, a --max-lora-rank of the adapter's at least, and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True`,
        { cause: error },
      );
    }
  }

  private ask(
    path: string,
    body: object | undefined,
    signal: AbortSignal | undefined,
    retries = usualRetries,
  ): Promise<unknown> {
    const attempt = () => this.once(path, body, signal);
    return this.limited(() => withRetries(attempt, { retries, random: this.random, signal }));
  }

  private async once(path: string, body: object | undefined, signal: AbortSignal | undefined): Promise<unknown> {
    const late = AbortSignal.timeout(1000 * this.settings.timeoutSeconds);
    const headers = {
      ...(body && { "content-type": "application/json" }),
      ...(this.key !== undefined && { authorization: `Bearer ${this.key}` }),
    };
    try {
      const response = await fetchAnswer(`${this.settings.address}/${path}`, {
        ...{ method: body ? "POST" : "GET", headers, signal: signal ? AbortSignal.any([late, signal]) : late },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok)
        throw new StatusError(response.status, response.headers, `${response.status} ${problemIn(text)}`);
      // vLLM answers some requests in words.
      return path === "load_lora_adapter" ? text : JSON.parse(text);
    } catch (error) {
      signal?.throwIfAborted();
      if (late.aborted)
        throw new RequestFailure(`${this.host}: no response within ${this.settings.timeoutSeconds} s`, {
          transient: true,
          billed: true,
        });
      const { keyVariable } = this.settings;
      const advice = keyVariable
        ? `put a valid key into ${keyVariable}`
        : "name the variable of its key in `keyVariable`";
      throw failureOf(error, "modelServer", this.host, this.key, advice);
    }
  }
}

/** @throws Error naming the field in which the answer is none of a server's */
function completionIn(answer: unknown): Completion {
  const { choices, usage } = readResponse(completed, answer);
  const { text, finish_reason, token_ids, logprobs } = choices[0]!;
  const content = logprobs && "content" in logprobs ? logprobs.content : undefined;
  return {
    text,
    tokens: token_ids ?? content?.map(({ id }) => id),
    logProbs:
      logprobs && "token_logprobs" in logprobs ? logprobs.token_logprobs : content?.map(({ logprob }) => logprob),
    complete: finish_reason === "stop",
    promptTokens: usage?.prompt_tokens,
    writtenTokens: usage?.completion_tokens,
  };
}

/** What a server says of an error: the message of OpenAI's form, or the text as it is. */
function problemIn(text: string): string {
  try {
    const { error, message, detail } = JSON.parse(text) as { error?: unknown; message?: unknown; detail?: unknown };
    const told = (error as { message?: unknown } | undefined)?.message ?? message ?? detail ?? error;
    return typeof told === "string" ? told : quote(told, 200);
  } catch {
    return text;
  }
}

/**
 * How a server is asked to sample. All is told, since servers have defaults of their own (llama.cpp's top-k is 40, vLLM takes
 * the model's), and by all names: vLLM's repetition penalty is llama.cpp's repeat penalty.
 */
export function samplingFields({ temperature, topK, topP, minP, repetitionPenalty }: Sampling) {
  return {
    ...{ temperature, top_p: topP, top_k: topK, min_p: minP },
    ...{ repetition_penalty: repetitionPenalty, repeat_penalty: repetitionPenalty },
  };
}
