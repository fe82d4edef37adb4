import { z } from "zod";
import { loadSdk } from "./load-sdk.js";
import type { Provider } from "./provider.js";
import { fetchAnswer, readResponse, tokenCount } from "../../base/requests/answer.js";

const response = z.object({
  content: z.array(z.object({ type: z.string(), text: z.string().optional() })),
  stop_reason: z.string().nullish(),
  usage: z.object({ input_tokens: tokenCount, output_tokens: tokenCount }).optional().catch(undefined),
});

/** Anthropic's Messages API, through Anthropic's SDK. */
export const anthropic: Provider = {
  address: "https://api.anthropic.com",
  keyVariable: "ANTHROPIC_API_KEY",
  async connect({ model, baseUrl, key, temperature, maxTokens }) {
    const { Anthropic } = await loadSdk("@anthropic-ai/sdk", () => import("@anthropic-ai/sdk"));
    // All credentials are set explicitly, so that none from the environment reaches a server it is not meant for. (Only
    // ANTHROPIC_CUSTOM_HEADERS, if the user sets it, is sent to any server.)
    const client = new Anthropic({
      baseURL: baseUrl ?? this.address,
      apiKey: key ?? "none",
      authToken: null,
      maxRetries: 0,
      logLevel: "off",
      fetch: fetchAnswer,
    });
    return async (text, signal) => {
      const request = {
        model,
        max_tokens: maxTokens,
        messages: [{ role: "user" as const, content: text }],
        ...(temperature !== null && { temperature }),
      };
      const { content, stop_reason, usage } = readResponse(response, await client.messages.create(request, { signal }));
      return {
        text: content.map((block) => block.text ?? "").join(""),
        cut: stop_reason === "max_tokens",
        used: usage && { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens },
      };
    };
  },
};
