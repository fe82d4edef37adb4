import { JsonLimitError } from "../base/json.js";
import { quoteAddress } from "../base/quote-address.js";
import { fetchAnswer, RedirectError } from "../base/requests/answer.js";
import { BodyLimitError } from "../base/response-body.js";
import { TrackingRefused } from "../run/tracking.js";

/** Seconds to wait for a response. */
const longestAnswer = 20;

/** Response of a tracking server. */
export interface Answer {
  readonly status: number;
  /** Its parsed JSON; undefined if there is none. */
  readonly body: unknown;
}

/** Client for a tracking server with a JSON API. */
export class TrackingServer {
  /**
   * @param url base URL of its API
   * @param authorization `Authorization` header; undefined for none
   * @param secretIn name of the variable with the secret, for messages
   */
  constructor(
    private readonly url: URL,
    private readonly authorization: string | undefined,
    private readonly secretIn: string,
  ) {}

  /**
   * Sends one request, without retries.
   *
   * @param accepted statuses other than 2xx that the caller handles
   * @throws TrackingRefused if a retry is useless; Error if it may succeed
   */
  async ask(method: "GET" | "POST", path: string, body?: unknown, accepted: readonly number[] = []): Promise<Answer> {
    const { host } = this.url;
    const headers = {
      "content-type": "application/json",
      ...(this.authorization !== undefined && { authorization: this.authorization }),
    };
    const init = {
      method,
      headers,
      signal: AbortSignal.timeout(longestAnswer * 1000),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const response = await fetchAnswer(`${this.url.href.replace(/\/$/, "")}${path}`, init).catch((error: Error) => {
      if (error instanceof RedirectError)
        throw new TrackingRefused(
          `${host} redirects to ${quoteAddress(this.withoutSecrets(error.location))}, which is not followed; give the address that it leads to`,
        );
      if (error instanceof BodyLimitError || error instanceof JsonLimitError)
        throw new TrackingRefused(`${host} sent ${error.message}`);
      throw new Error(
        `${host} is not reached (${(error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.message})`,
      );
    });
    const { status } = response;
    const text = await response.text();
    if (response.ok || accepted.includes(status)) return { status, body: parsed(text) };
    if (status === 401 || status === 403)
      throw new TrackingRefused(`${host} refused access (status ${status}); check ${this.secretIn}`);
    const message = `${host} returned status ${status}${this.said(text)}`;
    throw status === 408 || status === 429 || status >= 500 ? new Error(message) : new TrackingRefused(message);
  }

  /** Removes secrets from a text of the server, which may quote them. */
  withoutSecrets(text: string): string {
    return secretsOf(this.authorization).reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
  }

  /** The server's explanation of an error, without secrets that it may quote. */
  private said(text: string): string {
    const line = this.withoutSecrets(text).replace(/\s+/g, " ").trim();
    return line === "" ? "" : ` (${line.length > 200 ? `${line.slice(0, 199)}…` : line})`;
  }
}

/** The secrets in an `Authorization` header: a token, or a password, as sent and as given. */
function secretsOf(authorization = ""): string[] {
  const [scheme, sent = ""] = authorization.split(" ");
  const given =
    scheme === "Basic"
      ? Buffer.from(sent, "base64")
          .toString()
          .replace(/^[^:]*:/, "")
      : "";
  return [sent, given].filter((secret) => secret !== "");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
