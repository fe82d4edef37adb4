import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** A request as received. */
export interface AskedOf {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
  /** The user message. */
  readonly text: string;
}

/** Handles a request in place of a normal answer. */
type Fault = (response: ServerResponse, asked: AskedOf) => void;

/** The test server's judgement: of two answers, the one with the larger number wins; a single answer's number is its grade. */
export const byNumber = (text: string): string => {
  const numberIn = (tag: string) => Number(new RegExp(`<${tag}>\\s*\\D*(-?\\d+)`).exec(text)?.[1]);
  if (!text.includes("<answer_a>"))
    return JSON.stringify({ reason: "its number", grade: Math.min(10, Math.max(1, numberIn("answer"))) });
  const [a, b] = [numberIn("answer_a"), numberIn("answer_b")];
  return JSON.stringify({ reason: `${a} and ${b}`, verdict: a > b ? "A" : a < b ? "B" : "tie" });
};

/**
 * A test server with the APIs of Anthropic (`/v1/messages`) and OpenAI (`/v1/chat/completions`) that fails on demand. It is
 * stopped after the test.
 */
export class JudgeServer {
  readonly asked: AskedOf[] = [];
  /** Returns the answer to a message. */
  answer: (text: string) => string = byNumber;
  /** Number of requests in progress, and the largest so far. */
  active = 0;
  mostActive = 0;
  /** Milliseconds that an answer takes. */
  delay = 0;
  private readonly faults: Fault[] = [];

  private constructor(private readonly server: Server) {}

  static async start(test: TestContext): Promise<JudgeServer> {
    const server = createServer();
    const judge = new JudgeServer(server);
    server.on("request", (request, response) => void judge.respond(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    test.after(() => judge.stop());
    return judge;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A model on this server. */
  model(
    provider: "anthropic" | "openai",
    model = "judge-1",
  ): { provider: "anthropic" | "openai"; model: string; baseUrl: string } {
    return { provider, model, baseUrl: provider === "anthropic" ? this.origin : `${this.origin}/v1` };
  }

  /** Makes the next requests fail, one in each of these ways. */
  fail(...faults: readonly Fault[]): void {
    this.faults.push(...faults);
  }

  /** Lets requests succeed again. */
  recover(): void {
    this.faults.length = 0;
  }

  private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostActive = Math.max(this.mostActive, ++this.active);
    response.on("close", () => this.active--);
    let text = "";
    for await (const part of request) text += String(part);
    const body = JSON.parse(text) as { messages: { content: string }[]; model: string };
    const asked = { path: request.url!, headers: request.headers, body, text: body.messages[0]!.content };
    this.asked.push(asked);
    const fault = this.faults.shift();
    if (fault) return fault(response, asked);
    await new Promise((resolve) => setTimeout(resolve, this.delay));
    say(this.answer(asked.text))(response, asked);
  }
}

/** Answers with a text in the format of the requested API, with `tokens` for the input and output token counts. */
export function say(text: string, { end = "end", tokens = [100, 20] as readonly [number, number] | null } = {}): Fault {
  return (response, { path, body }) => {
    const shape =
      path === "/v1/messages"
        ? {
            id: "msg_1",
            type: "message",
            role: "assistant",
            model: body["model"],
            content: text === "" ? [] : [{ type: "text", text }],
            stop_reason: end === "cut" ? "max_tokens" : "end_turn",
            ...(tokens && { usage: { input_tokens: tokens[0], output_tokens: tokens[1] } }),
          }
        : {
            id: "chatcmpl-1",
            object: "chat.completion",
            created: 0,
            model: body["model"],
            choices: [
              {
                index: 0,
                message: { role: "assistant", content: text },
                finish_reason: end === "cut" ? "length" : "stop",
              },
            ],
            ...(tokens && {
              usage: { prompt_tokens: tokens[0], completion_tokens: tokens[1], total_tokens: tokens[0] + tokens[1] },
            }),
          };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(shape));
  };
}

/** Refuses with a status, in the format that both APIs share. */
export function refuse(status: number, headers: Readonly<Record<string, string>> = {}, message = "not now"): Fault {
  return (response) => {
    const error = { type: "error", error: { type: "some_error", message } };
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(error));
  };
}

/** Never answers. */
export const hang: Fault = () => {};

/** Breaks the connection before the answer, or in the middle of it. */
export const cutBefore: Fault = (response) => void response.destroy();
export const cutWithin: Fault = (response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
  response.write('{"id": "msg_1", "conte', () => setTimeout(() => response.destroy(), 20));
};

/** Answers with the given body. */
export function body(text: string, type = "application/json"): Fault {
  return (response) => void response.writeHead(200, { "content-type": type }).end(text);
}
