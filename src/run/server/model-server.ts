import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InputError, quote } from "../../base/errors.js";
import { reportedIfSlow, type TaskControls } from "../../base/task.js";
import type { Prompt } from "../../data/pair.js";
import { encodePrompt } from "../../data/tokenize.js";
import type { Sampling } from "../../model/generation/generate.js";
import type { Policy } from "../../model/policy/policy.js";
import { savePolicy } from "../../model/policy/policy-files.js";
import type { ComputeTarget, Executor, RunRequirements } from "../executor.js";
import { SharedStorage } from "../shared-storage.js";
import { ModelApi, samplingFields, type ChatAnswer } from "./model-api.js";
import { givenLogProbs, loadAdapter, scoring, ServerExecutor, type FoundServer } from "./server-executor.js";
import { resolveServerSettings, type ModelServerSettings, type ResolvedServerSettings } from "./settings.js";

export type { ModelServerSettings } from "./settings.js";

/** A text that most tokenizers split differently. */
const probe = "12,345 naïve cafés\n\n\tif x_y == “z”:";

/** Sampling options of a served model. */
export interface ServedSampling extends Sampling {
  readonly maxNewTokens: number;
  readonly seed: number;
}

/**
 * A model served through OpenAI's API (vLLM, llama.cpp, Ollama …). It answers prompts for `respond`. As the compute
 * target of a run, it generates the run's responses, while training stays on this machine, and so does scoring unless
 * `score` is set.
 */
export class ModelServer implements ComputeTarget {
  private readonly settings: ResolvedServerSettings;
  private api: ModelApi | undefined;
  private served: Promise<string> | undefined;

  /** @throws InputError if a setting is unknown, missing or invalid */
  constructor(settings: ModelServerSettings) {
    this.settings = resolveServerSettings(settings);
  }

  get identity() {
    const { model = null, adapters, score } = this.settings;
    return { server: { model, writes: adapters === undefined ? "the served model" : "the policy", score } };
  }

  check({ start, drawsPairs, method }: RunRequirements): void {
    if (drawsPairs)
      throw new InputError(`${method} writes while it trains, which a server cannot follow; leave \`on\` out`);
    if (this.settings.model === undefined)
      throw new InputError(
        "modelServer: `model` is missing, by which a run is told from one of another model; name the served model",
      );
    if (this.settings.adapters !== undefined && !start.config.adapter)
      throw new InputError(
        "modelServer: adapters: the policy has none; load it with `lora`, or leave `adapters` out, and the served model writes as it is",
      );
  }

  /**
   * Checks the server before training: whether it answers, serves the model, accepts token ids, tokenizes like the
   * policy, loads adapters if required, and returns the requested values.
   */
  async open(start: Policy, memory: number, controls: TaskControls): Promise<Executor> {
    const look = () => this.found(start, controls.signal);
    return new ServerExecutor(await reportedIfSlow(`look at ${this.settings.address}`, controls, look), start, memory);
  }

  /**
   * Answers a prompt, rendered with the server's own chat template; a text becomes a user message.
   *
   * @throws InputError if the server does not answer or refuses the request
   */
  async answer(
    prompt: Prompt,
    { maxNewTokens, seed, ...sampling }: ServedSampling,
    signal?: AbortSignal,
  ): Promise<ChatAnswer> {
    const model = await this.modelName(signal);
    const { temperature, topP, topK, minP, repetitionPenalty } = sampling;
    // OpenAI's server accepts only its documented fields.
    const isOpenAis = new URL(this.settings.address).host === "api.openai.com";
    if (isOpenAis && (topK !== 0 || minP !== 0 || repetitionPenalty !== 1))
      throw new InputError("topK, minP, repetitionPenalty: OpenAI's API has none of them; leave them out");
    const fields = isOpenAis
      ? { temperature, top_p: topP, max_completion_tokens: maxNewTokens }
      : { ...samplingFields(sampling), max_tokens: maxNewTokens };
    return this.connected().chat({ model, ...fields, seed }, prompt, signal);
  }

  private connected(): ModelApi {
    return (this.api ??= new ModelApi(this.settings));
  }

  /** @throws InputError if the server does not list the model, or lists several and none was requested */
  private modelName(signal: AbortSignal | undefined): Promise<string> {
    this.served ??= this.findModel(signal).catch((error: unknown) => {
      this.served = undefined;
      throw error;
    });
    return this.served;
  }

  private async findModel(signal: AbortSignal | undefined): Promise<string> {
    const { model, address } = this.settings;
    const names = await this.connected().models(signal);
    if (model !== undefined && names.includes(model)) return model;
    const listed =
      names.length === 0
        ? "no model"
        : names
            .slice(0, 10)
            .map((name) => quote(name))
            .join(", ") + (names.length > 10 ? ` and ${names.length - 10} more` : "");
    if (model !== undefined) throw new InputError(`modelServer: ${address} serves ${listed}, and not ${quote(model)}`);
    if (names.length !== 1)
      throw new InputError(`modelServer: ${address} serves ${listed}; name one of them in \`model\``);
    return names[0]!;
  }

  private async found(start: Policy, signal: AbortSignal | undefined): Promise<FoundServer> {
    const { address, score } = this.settings;
    const model = await this.modelName(signal);
    const api = this.connected();
    const ids = encodePrompt(probe, start.tokenizer);
    const byIds = await api.tried({ model, prompt: ids, max_tokens: 1 }, signal);
    if (typeof byIds !== "string" && byIds.promptTokens === undefined)
      throw new InputError(
        `modelServer: ${address} does not count the tokens of prompts (\`usage\`), by which a run sees that the server splits texts as the policy does; use vLLM or llama.cpp's server, or have this one answer by \`respond\``,
      );
    if (typeof byIds === "string" || byIds.promptTokens !== ids.length)
      throw new InputError(
        `modelServer: ${address} takes no token ids as a prompt${typeof byIds === "string" ? ` (${byIds})` : ""}; a run needs a server that does, such as vLLM or llama.cpp's. Have others answer by \`respond\``,
      );
    await this.requireTokenizer(start, model, ids, signal);
    if (score && !givenLogProbs(await api.complete(scoring(model, ids), signal), ids.length))
      throw new InputError(
        `modelServer: score: ${address} tells no log-probabilities of given tokens (completions with \`echo\`); leave \`score\` out`,
      );
    return { api, model, scores: score, adapters: await this.adaptersOf(api, start, signal) };
  }

  /** Returns the adapter folder, after the server has loaded the start's adapter from there. */
  private async adaptersOf(
    api: ModelApi,
    start: Policy,
    signal: AbortSignal | undefined,
  ): Promise<FoundServer["adapters"]> {
    if (this.settings.adapters === undefined) return undefined;
    // The server has its own working directory.
    const adapters = resolve(this.settings.adapters);
    const found = { storage: new SharedStorage(adapters), seenAs: this.settings.serverAdapters ?? adapters };
    const folder = await mkdtemp(join(tmpdir(), "sera-adapter-"));
    try {
      await savePolicy(start, folder);
      await loadAdapter(api, folder, found, signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return found;
  }

  /** Compares the token counts of a text on both sides, allowing for a BOS token. */
  private async requireTokenizer(
    { tokenizer }: Policy,
    model: string,
    ids: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { promptTokens } = await this.connected().complete({ model, prompt: probe, max_tokens: 1 }, signal);
    const own = tokenizer.encode(probe).length;
    if (promptTokens === undefined || promptTokens === own || promptTokens === own + 1 || promptTokens === ids.length)
      return;
    throw new InputError(
      `modelServer: ${this.settings.address} makes ${promptTokens} tokens of a text of which the policy's tokenizer makes ${own}; serve the model that the policy comes from`,
    );
  }
}

/**
 * Connects to a model served through OpenAI's API: by vLLM, llama.cpp's `llama-server`, Ollama or a provider.
 *
 * @example
 * const teacher = modelServer({ address: "http://localhost:8000/v1" });
 * await respond(teacher, prompts, { temperature: 0.7 });
 * await sera(start, pairs, { on: modelServer({ address: "http://localhost:8000/v1", model: "base", adapters: "/mnt/shared/adapters" }) });
 * @throws InputError if a setting is unknown, missing or invalid
 */
export function modelServer(settings: ModelServerSettings): ModelServer {
  return new ModelServer(settings);
}
