import { z } from "zod";
import { InputError, quote } from "../../base/errors.js";
import { quoteAddress } from "../../base/quote-address.js";
import { Random } from "../../base/random.js";
import { apiKeyIn } from "../../base/requests/api-key.js";
import { fetchAnswer, readResponse, tokenCount } from "../../base/requests/answer.js";
import { concurrencyLimit } from "../../base/requests/concurrency-limit.js";
import { failureOf, RequestFailure } from "../../base/requests/failure.js";
import { withRetries } from "../../base/requests/with-retries.js";
import type { Prompt } from "../../data/pair.js";
import type { Sampling } from "../../model/generation/generate.js";
import type { ResolvedServerSettings } from "./settings.js";

/** Retries of a failed request, after 1, 2, 4 … s. */
const usualRetries = 5;

/** Exclusive upper limit of the seeds that servers accept. */
export const seedLimit = 2 ** 31;

const listed = z.object({ data: z.array(z.object({ id: z.string() })) });
const usage = z.object({ prompt_tokens: tokenCount, completion_tokens: tokenCount }).nullish().catch(null);
/** Only "stop" means that the text is complete; filtered or aborted texts count as truncated, like "length". */
const finish = z.string().nullish();
const number = z.number().nullable();
/**
 * vLLM returns parallel lists, llama.cpp a list of tokens. Whether a number is a token id is checked against the
 * policy's vocabulary.
 */
const logProbs = z.union([
  z.object({ token_logprobs: z.array(number) }),
  z.object({ content: z.array(z.object({ id: z.number(), logprob: number })) }),
]);
const completed = z.object({
  choices: z
    .array(
      z.object({
        text: z.string(),
        finish_reason: finish,
        token_ids: z.array(z.number()).nullish(),
        logprobs: logProbs.nullish().catch(null),
      }),
    )
    .min(1),
  usage,
});
const chatted = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: finish })).min(1),
  usage,
});

/** A server's completion of given tokens. */
export interface Completion {
  readonly text: string;
  /**
   * Token ids of the text, if the server returns them. They may not be in the policy's vocabulary, and some servers
   * omit the stop token.
   */
  readonly tokens: readonly number[] | undefined;
  /** Log-probability of each token, in nats, at temperature 1; with `echo` those of the given tokens come first, and the first is null. */
  readonly logProbs: readonly (number | null)[] | undefined;
  /** Whether the text is complete; false if the limit cut it off or the server gave up. */
  readonly complete: boolean;
  /** Number of tokens read. */
  readonly promptTokens: number | undefined;
  /** Number of tokens generated, including the stop token. */
  readonly writtenTokens: number | undefined;
}

/** The prompt to complete, as text or tokens, and further fields of the API. */
export type CompletionRequest = Readonly<Record<string, unknown>> & {
  readonly model: string;
  readonly prompt: readonly number[] | string;
  readonly max_tokens: number;
};

/** A server's answer to a conversation. */
export interface ChatAnswer {
  readonly text: string;
  readonly complete: boolean;
  /** Number of tokens of the answer, if the server counts them. */
  readonly tokens: number | undefined;
}

/** An error response of the server. */
class StatusError extends Error {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    message: string,
  ) {
    super(message);
  }
}

/** A client of OpenAI's API, with the extensions of vLLM and llama.cpp for token ids in and out. */
export class ModelApi {
  private readonly limited: ReturnType<typeof concurrencyLimit>;
  private readonly random = Random.seeded(0).fork("server");
  private readonly host: string;
  private readonly key: string | undefined;

  /** @throws InputError if the environment variable of the key is not set or contains no key */
  constructor(private readonly settings: ResolvedServerSettings) {
    this.limited = concurrencyLimit(settings.concurrency);
    this.host = new URL(settings.address).host;
    const { keyVariable } = settings;
    this.key = keyVariable === undefined ? undefined : apiKeyIn(keyVariable, "modelServer");
  }

  /** Returns the names of the served models. */
  async models(signal: AbortSignal | undefined): Promise<string[]> {
    try {
      const { data } = await this.ask("models", listed, undefined, signal);
      return data.map(({ id }) => id);
    } catch (error) {
      if (!(error instanceof RequestFailure) || (error.status !== 404 && error.status !== 200)) throw error;
      throw new InputError(
        `${error.message}; asked for ${quoteAddress(`${this.settings.address}/models`)}: the base URL of an API mostly ends in /v1`,
        { cause: error },
      );
    }
  }

  /** Completes given tokens. */
  async complete(request: CompletionRequest, signal: AbortSignal | undefined): Promise<Completion> {
    return completionOf(await this.ask("completions", completed, request, signal));
  }

  /** {@link complete}, or the server's reason for refusing such a request. */
  async tried(request: CompletionRequest, signal: AbortSignal | undefined): Promise<Completion | string> {
    try {
      return await this.complete(request, signal);
    } catch (error) {
      // Some servers answer unsupported requests with status 500.
      const isAgainst = ({ status, transient }: RequestFailure) =>
        status !== undefined && status !== 401 && status !== 403 && (!transient || status === 500);
      if (error instanceof RequestFailure && isAgainst(error)) return error.message;
      throw error;
    }
  }

  /** Answers a prompt, which the server renders with its own chat template. */
  async chat(
    request: { readonly model: string } & Readonly<Record<string, unknown>>,
    prompt: Prompt,
    signal: AbortSignal | undefined,
  ): Promise<ChatAnswer> {
    const messages = typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
    const { choices, usage } = await this.ask("chat/completions", chatted, { ...request, messages }, signal);
    const { message, finish_reason } = choices[0]!;
    return { text: message.content ?? "", complete: finish_reason === "stop", tokens: usage?.completion_tokens };
  }

  /** Makes the server load an adapter from a folder, using vLLM's endpoint. */
  async loadAdapter(name: string, path: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.ask("load_lora_adapter", inWords, { lora_name: name, lora_path: path }, signal);
    } catch (error) {
      if (!(error instanceof RequestFailure) || error.status === undefined) throw error;
      // On resuming, a run's adapters are already loaded.
      if (/already (been )?loaded/i.test(error.message)) return;
      throw new InputError(
        `${error.message}; a server that loads adapters is vLLM with --enable-lora, a --max-lora-rank of the adapter's at least, and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True, and it has to see ${quote(path, 200)} (\`serverAdapters\` says where the folder is for it)`,
        { cause: error },
      );
    }
  }

  private ask<T>(
    path: string,
    schema: z.ZodType<T>,
    body: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const attempt = () => this.once(path, schema, body, signal);
    return this.limited(() => withRetries(attempt, { retries: usualRetries, random: this.random, signal }));
  }

  private async once<T>(
    path: string,
    schema: z.ZodType<T>,
    body: object | undefined,
    signal: AbortSignal | undefined,
  ): Promise<T> {
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
      return this.read(schema, response, await response.text());
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

  /** @throws StatusError if the response is an error or malformed */
  private read<T>(schema: z.ZodType<T>, { ok, status, headers }: Response, text: string): T {
    // Redact before truncation, since part of a key would no longer match.
    const shown = this.key ? text.replaceAll(this.key, "…") : text;
    if (!ok) throw new StatusError(status, headers, `${status} ${problemIn(shown)}`);
    const answer = parsed(text);
    const refused = refusal.safeParse(answer);
    if (refused.success)
      throw new StatusError(refused.data.error.code, headers, `${status} with an error: ${problemIn(shown)}`);
    if (answer === undefined && schema !== inWords)
      throw new StatusError(status, headers, `${status} and a body that is not JSON: ${quote(shown, 100)}`);
    try {
      return readResponse(schema, answer ?? text);
    } catch (error) {
      throw new StatusError(status, headers, `${status} and an ${(error as Error).message}`);
    }
  }
}

/** vLLM answers some requests with plain text. */
const inWords = z.unknown();

/** An error sent with status 200; gateways include the status of the server behind them. */
const refusal = z.object({
  error: z
    .union([z.string().transform(() => ({})), z.looseObject({})])
    .pipe(z.object({ code: z.int().min(400).max(599).catch(200) })),
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function completionOf({ choices, usage }: z.infer<typeof completed>): Completion {
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

/** Returns the message of an error response in OpenAI's form, or the plain text. */
function problemIn(text: string): string {
  const { error, message, detail } = (parsed(text) ?? {}) as { error?: unknown; message?: unknown; detail?: unknown };
  const told = (error as { message?: unknown } | null | undefined)?.message ?? message ?? detail ?? error;
  if (told === undefined) return text;
  return typeof told === "string" ? told : quote(told, 200);
}

/**
 * Returns the sampling fields of a request. All are set, since servers have their own defaults (llama.cpp's top-k is
 * 40, vLLM uses the model's), under all names: vLLM's repetition penalty is llama.cpp's repeat penalty.
 */
export function samplingFields({ temperature, topK, topP, minP, repetitionPenalty }: Sampling) {
  return {
    ...{ temperature, top_p: topP, top_k: topK, min_p: minP },
    ...{ repetition_penalty: repetitionPenalty, repeat_penalty: repetitionPenalty },
  };
}
