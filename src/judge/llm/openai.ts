import { z } from "zod";
import { loadSdk } from "./load-sdk.js";
import type { Provider } from "./provider.js";
import { fetchAnswer, readResponse, tokenCount } from "../../base/requests/answer.js";

const response = z.object({
  choices: z
    .array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .min(1),
  usage: z.object({ prompt_tokens: tokenCount, completion_tokens: tokenCount }).nullish().catch(undefined),
});

/** The chat completions API of OpenAI and compatible servers (vLLM, Ollama, llama.cpp …), through OpenAI's SDK. */
export const openai: Provider = {
  address: "https://api.openai.com/v1",
  keyVariable: "OPENAI_API_KEY",
  async connect({ model, baseUrl, key, temperature, maxTokens }) {
    const { OpenAI } = await loadSdk("openai", () => import("openai"));
    // All credentials are set explicitly, so that none from the environment reaches a server it is not meant for. (Only
    // OPENAI_CUSTOM_HEADERS, if the user sets it, is sent to any server.)
    const identity = baseUrl === undefined ? {} : { organization: null, project: null };
    const client = new OpenAI({
      baseURL: baseUrl ?? this.address,
      apiKey: key ?? "none",
      adminAPIKey: null,
      ...identity,
      maxRetries: 0,
      logLevel: "off",
      fetch: fetchAnswer,
    });
    // OpenAI's newer models reject the old name of the limit; other servers know only the old one.
    const limit = baseUrl === undefined ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };
    return async (text, signal) => {
      const request = {
        model,
        messages: [{ role: "user" as const, content: text }],
        ...limit,
        ...(temperature !== null && { temperature }),
      };
      const { choices, usage } = readResponse(response, await client.chat.completions.create(request, { signal }));
      const { message, finish_reason } = choices[0]!;
      return {
        text: message.content ?? "",
        cut: finish_reason === "length",
        used: usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : undefined,
      };
    };
  },
};
