import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { Random } from "../../src/base/random.js";
import { generate } from "../../src/model/generation/generate.js";
import type { Policy } from "../../src/model/policy/policy.js";
import { loadPolicy } from "../../src/model/policy/policy-files.js";
import { responseTokenLogProbs } from "../../src/model/scoring/score.js";

/** Differences between servers. */
export interface ServerHabits {
  /** Format of the tokens in its answers: vLLM's, llama.cpp's, or no tokens (as in Ollama). */
  readonly tells: "vllm" | "llama.cpp" | "text";
  /** Whether it accepts token ids as a prompt. */
  readonly takesTokens: boolean;
  /** Whether it returns the log-probabilities of the prompt. */
  readonly echoes: boolean;
  /** Whether it omits the token that ended a text. */
  readonly dropsStop: boolean;
  /** Whether it omits the second token of a text, as llama.cpp does within some characters. */
  readonly losesTokens: boolean;
}

const vllm: ServerHabits = { tells: "vllm", takesTokens: true, echoes: true, dropsStop: false, losesTokens: false };

/** A request as received. */
export interface Served {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: any;
}

type Fault = (response: ServerResponse) => void;

/**
 * A test server with OpenAI's API as in vLLM, llama.cpp or Ollama that answers with policies of this library. It is stopped
 * after the test.
 */
export class ServedModels {
  readonly asked: Served[] = [];
  private readonly faults: Fault[] = [];
  private change: ((asked: Served, body: any) => unknown) | undefined;
  address = "";

  private constructor(
    private readonly policies: Map<string, Policy>,
    private readonly habits: ServerHabits,
  ) {}

  /** @param models policies by the names that the server lists */
  static async start(
    test: TestContext,
    models: Readonly<Record<string, Policy>>,
    habits: Partial<ServerHabits> = {},
  ): Promise<ServedModels> {
    const own = new ServedModels(new Map(Object.entries(models)), { ...vllm, ...habits });
    const server = createServer((request, response) => void own.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    own.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    test.after(async () => {
      server.closeAllConnections();
      server.close();
      for (const policy of own.policies.values()) await policy.free();
    });
    return own;
  }

  /** Handles the next request in this way. */
  failNext(fault: Fault): void {
    this.faults.push(fault);
  }

  /** Changes all later answers by this function. */
  changeAnswers(change: (asked: Served, body: any) => unknown): void {
    this.change = change;
  }

  /** Requests to a path. */
  of(path: string): Served[] {
    return this.asked.filter((asked) => asked.path === `/v1/${path}`);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const part of request) text += String(part);
    const asked = {
      path: request.url!,
      authorization: request.headers.authorization,
      body: text === "" ? undefined : JSON.parse(text),
    };
    this.asked.push(asked);
    const fault = this.faults.shift();
    if (fault) return fault(response);
    const [status, answer] = await this.answer(asked).catch((error: Error) => [
      500,
      { error: { message: error.message } },
    ]);
    const body = this.change ? this.change(asked, answer) : answer;
    response.writeHead(status as number, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  }

  private async answer({ path, body }: Served): Promise<[status: number, body: unknown]> {
    if (path === "/v1/models") return [200, { data: [...this.policies.keys()].map((id) => ({ id, object: "model" })) }];
    if (path === "/v1/load_lora_adapter") return this.loadAdapter(body);
    if (body === undefined) return [404, { detail: "Not Found" }];
    const policy = this.policies.get(body.model);
    if (!policy) return [404, { error: { message: `The model ${body.model} does not exist.` } }];
    if (path === "/v1/completions") return this.completions(policy, body);
    if (path === "/v1/chat/completions") return this.chat(policy, body);
    return [404, { detail: "Not Found" }];
  }

  private async loadAdapter({ lora_name: name, lora_path: folder }: any): Promise<[number, unknown]> {
    if (this.policies.has(name))
      return [400, { error: { message: `The lora adapter '${name}' has already been loaded.` } }];
    const [base] = this.policies.values();
    this.policies.set(name, await loadPolicy(base!.programs, folder, base!));
    return [200, `Success: LoRA adapter '${name}' added successfully.`];
  }

  private async completions(policy: Policy, body: any): Promise<[number, unknown]> {
    const { tokenizer } = policy;
    if (typeof body.prompt !== "string" && !this.habits.takesTokens)
      return [400, { error: { message: "prompt: expected a string" } }];
    const prompt = Int32Array.from(typeof body.prompt === "string" ? tokenizer.encode(body.prompt) : body.prompt);
    if (body.echo && !this.habits.echoes) return [400, { error: { message: "Only no echo is supported" } }];
    const { tokens, complete } = await written(policy, prompt, body);
    const shown = complete && this.habits.dropsStop ? tokens.slice(0, -1) : tokens;
    const all = Int32Array.from(body.echo ? [...prompt, ...shown] : shown);
    // The very first token has no context.
    const known = body.echo
      ? [null, ...(await logProbsOf(policy, all.subarray(0, 1), all.subarray(1)))]
      : await logProbsOf(policy, prompt, all);
    return [
      200,
      {
        choices: [
          {
            index: 0,
            text: tokenizer.decode(all),
            finish_reason: complete ? "stop" : "length",
            ...(body.logprobs !== undefined && this.told(all, known)),
          },
        ],
        usage: { prompt_tokens: prompt.length, completion_tokens: tokens.length },
      },
    ];
  }

  /** The part of an answer about tokens, in the server's format. */
  private told(tokens: Int32Array, logProbs: readonly (number | null)[]) {
    const ids = [...tokens].filter((_, i) => !(this.habits.losesTokens && i === 1));
    if (this.habits.tells === "vllm")
      return { token_ids: ids, logprobs: { tokens: ids.map(String), token_logprobs: logProbs } };
    if (this.habits.tells === "llama.cpp")
      return { logprobs: { content: ids.map((id, i) => ({ id, token: "", logprob: logProbs[i] })) } };
    return {};
  }

  private async chat(policy: Policy, body: any): Promise<[number, unknown]> {
    // The simplest template.
    const text = (body.messages as { content: string }[]).map(({ content }) => content).join("\n");
    const prompt = Int32Array.from(policy.tokenizer.encode(text));
    const { tokens, complete } = await written(policy, prompt, body);
    return [
      200,
      {
        choices: [
          {
            message: { role: "assistant", content: policy.tokenizer.decode(tokens) },
            finish_reason: complete ? "stop" : "length",
          },
        ],
        usage: { prompt_tokens: prompt.length, completion_tokens: tokens.length },
      },
    ];
  }
}

async function written(policy: Policy, prompt: Int32Array, body: any) {
  const options = {
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    topK: body.top_k ?? 0,
    minP: body.min_p ?? 0,
    repetitionPenalty: body.repetition_penalty ?? 1,
    maxNewTokens: body.max_tokens,
    ...(body.stop_token_ids && { stopTokens: body.stop_token_ids }),
  };
  const random = Random.seeded(body.seed ?? 0);
  for await (const [generation] of generate(policy, [{ key: "", prompt, responses: 1 }], random, options))
    return generation!;
  throw new Error("nothing was written");
}

async function logProbsOf(policy: Policy, prompt: Int32Array, response: Int32Array): Promise<number[]> {
  if (response.length === 0) return [];
  const [found] = await responseTokenLogProbs(policy, [{ prompt, response }]);
  return [...found!];
}
