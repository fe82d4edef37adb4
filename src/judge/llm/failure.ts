import { InputError } from "../../base/errors.js";

/** What follows from a failed request. */
interface Consequences {
  /** Whether another try may do better. */
  readonly transient: boolean;
  /** Whether the server may have worked, and bill it, all the same. */
  readonly billed: boolean;
  /** Seconds that the server asks to wait before another try. */
  readonly wait?: number | undefined;
}

/** Why a request brought no answer. */
export class RequestFailure extends InputError implements Consequences {
  readonly transient: boolean;
  readonly billed: boolean;
  readonly wait: number | undefined;

  constructor(message: string, { transient, billed, wait }: Consequences) {
    super(message);
    this.transient = transient;
    this.billed = billed;
    this.wait = wait;
  }
}

/** What errors of both makers' SDKs have. */
interface SdkError extends Error {
  readonly status?: number;
  readonly headers?: { get?(name: string): string | null };
}

const transient = (status: number) => status === 408 || status === 409 || status === 429 || status >= 500;
/** Failures that reach no server, and that another try does not mend: no such host, nothing listens there. */
const permanent: ReadonlySet<string> = new Set(["ENOTFOUND", "ECONNREFUSED"]);

/**
 * What an error of an SDK means. The error itself is not kept as a cause, for it may quote what was sent.
 *
 * @param model whom the request was for
 * @param host where it went
 * @param secret the key, which servers like to quote; it is cut out
 * @param advice what to do about a refused key
 */
export function failureOf(error: unknown, model: string, host: string, secret: string | undefined, advice: string): RequestFailure {
  const { status, headers, message } = error as SdkError;
  const told = oneLine(secret ? message.replaceAll(secret, "…") : message);
  if (status === undefined) {
    const code = rootCode(error);
    const unreached = code !== undefined && permanent.has(code);
    return new RequestFailure(`${model}: no answer from ${host} (${code ?? told})`, { transient: !unreached, billed: !unreached });
  }
  const wait = askedWait(headers);
  const waiting = wait ? ` (asks to wait ${wait} s)` : "";
  const refused = status === 401 || status === 403 ? `; ${advice}` : "";
  return new RequestFailure(`${model}: ${host} answers ${told}${waiting}${refused}`, { transient: transient(status), billed: false, wait });
}

/** The system's code in an error or its causes (`fetch` wraps it, and the SDKs wrap `fetch`). */
function rootCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return at.code;
  }
  return undefined;
}

/** `Retry-After` in seconds or as a date, or the makers' finer `retry-after-ms`. */
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
