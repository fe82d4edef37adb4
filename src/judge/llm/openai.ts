import { z } from "zod";
import type { Provider } from "./provider.js";
import { readResponse } from "./response.js";

const response = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() })).min(1),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

/** The chat completions API of OpenAI, and of the servers that speak it (vLLM, Ollama, llama.cpp …), by OpenAI's SDK. */
export const openai: Provider = {
  address: "https://api.openai.com/v1",
  keyVariable: "OPENAI_API_KEY",
  async connect({ model, baseUrl, key, temperature, maxTokens }) {
    const { OpenAI } = await import("openai");
    // All credentials are said here: of those in the environment none goes to a server that it is not meant for. (What the
    // user puts into OPENAI_CUSTOM_HEADERS the SDK sends to any.)
    const identity = baseUrl === undefined ? {} : { organization: null, project: null };
    const client = new OpenAI({ baseURL: baseUrl ?? this.address, apiKey: key ?? "none", adminAPIKey: null, ...identity, maxRetries: 0, logLevel: "off" });
    // OpenAI's newer models refuse the old name of the limit; other servers know the old one alone.
    const limit = baseUrl === undefined ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };
    return async (text, signal) => {
      const request = { model, messages: [{ role: "user" as const, content: text }], ...limit, ...(temperature !== null && { temperature }) };
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
