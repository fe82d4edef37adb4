import { InputError } from "../errors.js";
import { JsonLimitError } from "../json.js";
import { quoteAddress } from "../quote-address.js";
import { BodyLimitError } from "../response-body.js";
import { RedirectError } from "./answer.js";

/** How to proceed after a failed request. */
interface Consequences {
  /** Whether a retry may succeed. */
  readonly transient: boolean;
  /** Whether the server may bill the request anyway. */
  readonly billed: boolean;
  /** Seconds that the server asks to wait before a retry. */
  readonly wait?: number | undefined;
  /** The HTTP status of the server's refusal; undefined if it did not answer. */
  readonly status?: number | undefined;
}

/** A request that failed. */
export class RequestFailure extends InputError implements Consequences {
  readonly transient: boolean;
  readonly billed: boolean;
  readonly wait: number | undefined;
  readonly status: number | undefined;

  constructor(message: string, { transient, billed, wait, status }: Consequences) {
    super(message);
    this.transient = transient;
    this.billed = billed;
    this.wait = wait;
    this.status = status;
  }
}

/** Fields of the errors of both providers' SDKs. */
interface SdkError extends Error {
  readonly status?: number;
  readonly headers?: { get?(name: string): string | null };
}

const transient = (status: number) => status === 408 || status === 409 || status === 429 || status >= 500;
/** Failures that reach no server and that a retry does not fix: unknown host, connection refused. */
const permanent: ReadonlySet<string> = new Set(["ENOTFOUND", "ECONNREFUSED"]);

/**
 * Interprets an error of an SDK. The error is not kept as the cause, because it may quote the request.
 *
 * @param model the model that was asked
 * @param host the server's host
 * @param secret the API key, which servers tend to quote; it is removed from the message
 * @param advice what to do if the key is refused
 */
export function failureOf(
  error: unknown,
  model: string,
  host: string,
  secret: string | undefined,
  advice: string,
): RequestFailure {
  const { status, headers, message } = error as SdkError;
  const told = oneLine(secret ? message.replaceAll(secret, "…") : message);
  if (status === undefined) {
    const redirect = causes(error).find((cause) => cause instanceof RedirectError);
    if (redirect) {
      const location = secret ? redirect.location.replaceAll(secret, "…") : redirect.location;
      return new RequestFailure(
        `${model}: ${host} redirects to ${quoteAddress(location)}, which is not followed; give the address that it leads to`,
        { transient: false, billed: false },
      );
    }
    const problem = causes(error).find((cause) => cause instanceof BodyLimitError || cause instanceof JsonLimitError);
    if (problem)
      return new RequestFailure(`${model}: ${host} sent what cannot be an answer (${problem.message})`, {
        transient: false,
        billed: true,
      });
    const code = rootCode(error);
    const unreached = code !== undefined && permanent.has(code);
    return new RequestFailure(`${model}: no response from ${host} (${code ?? told})`, {
      transient: !unreached,
      billed: !unreached,
    });
  }
  const wait = askedWait(headers);
  const waiting = wait ? ` (retry after ${wait} s)` : "";
  const refused = status === 401 || status === 403 ? `; ${advice}` : "";
  return new RequestFailure(`${model}: ${host} returned ${told}${waiting}${refused}`, {
    transient: transient(status),
    billed: false,
    wait,
    status,
  });
}

/** An error and its causes (`fetch` wraps errors, and the SDKs wrap `fetch`), at most ten. */
function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let at = error; at instanceof Error && found.length < 10; at = at.cause) found.push(at);
  return found;
}

/** The system error code of an error or its causes. */
function rootCode(error: unknown): string | undefined {
  return causes(error)
    .map((cause) => ("code" in cause ? cause.code : undefined))
    .find((code) => typeof code === "string");
}

/** Seconds from `Retry-After` (a number or a date) or the providers' more precise `retry-after-ms`. */
function askedWait(headers: SdkError["headers"]): number | undefined {
  const milliseconds = headers?.get?.("retry-after-ms");
  if (milliseconds && Number.isFinite(Number(milliseconds))) return Math.max(0, Number(milliseconds) / 1000);
  const text = headers?.get?.("retry-after");
  if (!text) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
