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

/** A text whose tokens tell tokenizers apart. */
const probe = "12,345 naïve cafés\n\n\tif x_y == “z”:";

/** How a served model answers a prompt. */
export interface ServedSampling extends Sampling {
  readonly maxNewTokens: number;
  readonly seed: number;
}

/**
 * A model that a server serves by OpenAI's API (vLLM, llama.cpp, Ollama …): `respond` has it answer prompts, and as the compute
 * target of a run it writes the run's responses while training, and scoring unless `score` is given, stay on this machine.
 */
export class ModelServer implements ComputeTarget {
  private readonly settings: ResolvedServerSettings;
  private api: ModelApi | undefined;
  private served: Promise<string> | undefined;

  /** @throws InputError if a setting is unknown, missing or not what it may be */
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
   * Looks at the server before anything is trained: whether it answers, serves the model, takes tokens, splits texts into those of
   * the policy, loads adapters where it has to, and tells what is asked of it.
   */
  async open(start: Policy, memory: number, controls: TaskControls): Promise<Executor> {
    const look = () => this.found(start, controls.signal);
    return new ServerExecutor(await reportedIfSlow(`look at ${this.settings.address}`, controls, look), start, memory);
  }

  /**
   * Answers a prompt; a text is a user's message. The server's own chat template writes it.
   *
   * @throws InputError if the server does not answer, or refuses
   */
  async answer(
    prompt: Prompt,
    { maxNewTokens, seed, ...sampling }: ServedSampling,
    signal?: AbortSignal,
  ): Promise<ChatAnswer> {
    const model = await this.modelName(signal);
    const { temperature, topP, topK, minP, repetitionPenalty } = sampling;
    // OpenAI's own takes no more than its documented fields.
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

  /** @throws InputError if the server lists no such model, or several of which none was asked for */
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

  /** Where adapters are put, once the server has loaded that of the start from there. */
  private async adaptersOf(
    api: ModelApi,
    start: Policy,
    signal: AbortSignal | undefined,
  ): Promise<FoundServer["adapters"]> {
    if (this.settings.adapters === undefined) return undefined;
    // The server has a working directory of its own.
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

  /** Compares how many tokens the two sides make of a text; a BOS may be put before it. */
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
 * A model that a server serves by OpenAI's API: vLLM, llama.cpp's `llama-server`, Ollama, or a provider's.
 *
 * @example
 * const teacher = modelServer({ address: "http://localhost:8000/v1" });
 * await respond(teacher, prompts, { temperature: 0.7 });
 * await sera(start, pairs, { on: modelServer({ address: "http://localhost:8000/v1", model: "base", adapters: "/mnt/shared/adapters" }) });
 * @throws InputError if a setting is unknown, missing or not what it may be
 */
export function modelServer(settings: ModelServerSettings): ModelServer {
  return new ModelServer(settings);
}
