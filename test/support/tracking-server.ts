import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** A request as received. */
export interface TrackingRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: any;
}

/** Answers with JSON and a status. */
export type TrackingAnswer = readonly [status: number, body: unknown];

/** A test tracking server that fails on demand. It is stopped after the test. */
export class TrackingServerOfTest {
  readonly asked: TrackingRequest[] = [];
  private readonly faults: ((response: ServerResponse) => void)[] = [];
  url = "";

  static async start(
    test: TestContext,
    answer: (asked: TrackingRequest) => TrackingAnswer,
  ): Promise<TrackingServerOfTest> {
    const own = new TrackingServerOfTest();
    const server = createServer((request, response) => {
      let text = "";
      request.on("data", (part) => (text += String(part)));
      request.on("end", () => {
        const asked = {
          method: request.method!,
          path: request.url!,
          authorization: request.headers.authorization,
          body: text === "" ? undefined : JSON.parse(text),
        };
        own.asked.push(asked);
        const fault = own.faults.shift();
        if (fault) return fault(response);
        const [status, body] = answer(asked);
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    test.after(() => {
      server.closeAllConnections();
      server.close();
    });
    own.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return own;
  }

  /** Makes the next requests fail, one in each of these ways. */
  fail(...faults: readonly ((response: ServerResponse) => void)[]): void {
    this.faults.push(...faults);
  }
}

/** Breaks the connection. */
export const cut = (response: ServerResponse): void => void response.destroy();

/** Answers with a status and a text. */
export const refuse =
  (status: number, text = "no") =>
  (response: ServerResponse): void =>
    void response.writeHead(status).end(text);

/** Sets environment variables for a test; undefined unsets one. */
export function inEnvironment(test: TestContext, values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    const set = (to: string | undefined) => (to === undefined ? delete process.env[name] : (process.env[name] = to));
    set(value);
    test.after(() => set(before));
  }
}
