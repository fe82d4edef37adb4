import { z } from "zod";
import type { Provider } from "./provider.js";
import { readResponse } from "./response.js";

const response = z.object({
  content: z.array(z.object({ type: z.string(), text: z.string().optional() })),
  stop_reason: z.string().nullish(),
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number() }).optional(),
});

/** Anthropic's Messages API, by Anthropic's SDK. */
export const anthropic: Provider = {
  address: "https://api.anthropic.com",
  keyVariable: "ANTHROPIC_API_KEY",
  async connect({ model, baseUrl, key, temperature, maxTokens }) {
    const { Anthropic } = await import("@anthropic-ai/sdk");
    // All credentials are said here: of those in the environment none goes to a server that it is not meant for. (What the
    // user puts into ANTHROPIC_CUSTOM_HEADERS the SDK sends to any.)
    const client = new Anthropic({ baseURL: baseUrl ?? this.address, apiKey: key ?? "none", authToken: null, maxRetries: 0, logLevel: "off" });
    return async (text, signal) => {
      const request = { model, max_tokens: maxTokens, messages: [{ role: "user" as const, content: text }], ...(temperature !== null && { temperature }) };
      const { content, stop_reason, usage } = readResponse(response, await client.messages.create(request, { signal }));
      return {
        text: content.map((block) => block.text ?? "").join(""),
        cut: stop_reason === "max_tokens",
        used: usage && { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens },
      };
    };
  },
};
