import { setTimeout } from "node:timers/promises";
import { errorAt, type InputError } from "../base/errors.js";
import { checkJsonBounds, JsonLimitError } from "../base/json.js";
import { BodyLimitError, readWithin } from "../base/response-body.js";
import { askedWait, refusal } from "./refusal.js";
import { describeRepository, type RepositoryName } from "./repository-name.js";
import type { HubSettings } from "./settings.js";

/** Attempts per request. */
export const tries = 5;
/** The longest delay between two attempts, in seconds; a hub that asks for more is an error. */
const longestWait = 120;
/** Bytes of a small response: a thousand files of a listing take half a megabyte. */
const longestBody = 64e6;
/** Seconds for a small response. */
const longestAnswer = 60;
const transient: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Failures that a retry does not fix: unknown host, connection refused. */
const permanent: ReadonlySet<string> = new Set(["ENOTFOUND", "ECONNREFUSED"]);

/** The errors of a connection, in the terms of what it is used for. */
export interface HubProblems {
  /** The error for a request that the hub refused. */
  refusal(response: Response, repository: RepositoryName, settings: HubSettings): InputError;
  /** What an unreachable hub means, and what to do. */
  readonly unreachable: (endpoint: string, code: string) => string;
}

const downloadProblems: HubProblems = {
  refusal,
  unreachable: (endpoint, code) =>
    `no such local path, and the hub cannot be asked: ${endpoint} is unreachable (${code}). Check the path or the connection, set HF_ENDPOINT to a mirror, or set HF_HUB_OFFLINE=1 to use the cache`,
};

/**
 * Requests to the hub about one repository. Transient failures are retried after the delay that the hub asks for, or else
 * 0.5, 1, 2 and 4 s. The token is sent only to the hub's own origin; `fetch` drops it when a redirect leaves that origin.
 */
export class HubConnection {
  private readonly origin: string;

  constructor(
    readonly settings: HubSettings,
    readonly repository: RepositoryName,
    readonly signal: AbortSignal | undefined,
    private readonly problems: HubProblems = downloadProblems,
  ) {
    this.origin = new URL(settings.endpoint).origin;
  }

  /**
   * `fetch` for small responses: the whole body is read, so that a connection that breaks midway is retried as well. A
   * body that is too long, comes too slowly, or is JSON beyond the bounds of {@link checkJsonBounds} is an error.
   */
  readonly fetch: typeof fetch = this.accepting([]);

  /**
   * {@link fetch} that also returns refusals of these statuses, which the caller interprets. An upload (`PUT`) may take as long
   * as it needs.
   */
  accepting(statuses: readonly number[]): typeof fetch {
    return (input, init) =>
      this.request(
        new URL(input instanceof Request ? input.url : input),
        init,
        async (response) => {
          const read = await readWithin(response, longestBody);
          if (/\bjson\b/.test(read.headers.get("content-type") ?? "")) checkJsonBounds(await read.clone().text());
          return read;
        },
        init?.method === "PUT" ? undefined : longestAnswer,
        statuses,
      );
  }

  /** Requests a large file from a byte position; a server may still send it from the beginning (status 200). */
  open(url: string, position: number): Promise<Response> {
    // A compressed body would have another length.
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (position > 0) headers["range"] = `bytes=${position}-`;
    return this.request(new URL(url), { headers }, (response) => Promise.resolve(response));
  }

  /** Waits after failed attempt `attempt`, counted from 1. */
  async pause(attempt: number, seconds = 2 ** (attempt - 2)): Promise<void> {
    const { signal } = this;
    await setTimeout(1000 * seconds, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  }

  /** The error for a hub that cannot be reached. */
  unreachable(error: unknown): InputError {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    return errorAt(
      { file: describeRepository(this.repository) },
      this.problems.unreachable(this.settings.endpoint, code ?? message),
      error,
    );
  }

  private async request<T>(
    url: URL,
    init: RequestInit | undefined,
    read: (response: Response) => Promise<T>,
    seconds?: number,
    accepted: readonly number[] = [],
  ): Promise<T> {
    const { settings, signal } = this;
    const signals = () => [
      ...(signal ? [signal] : []),
      ...(seconds === undefined ? [] : [AbortSignal.timeout(1000 * seconds)]),
    ];
    const headers = new Headers(init?.headers);
    if (settings.token && url.origin === this.origin) headers.set("authorization", `Bearer ${settings.token}`);
    for (let attempt = 1; ; attempt++) {
      let response: Response;
      try {
        response = await fetch(url, { ...init, headers, signal: AbortSignal.any(signals()) });
        if (response.ok || accepted.includes(response.status)) return await read(response);
      } catch (error) {
        signal?.throwIfAborted();
        // The server would only send it again.
        if (error instanceof BodyLimitError || error instanceof JsonLimitError) throw error;
        const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
        if (attempt === tries || (code && permanent.has(code))) throw this.unreachable(error);
        await this.pause(attempt);
        continue;
      }
      await response.body?.cancel();
      const wait = askedWait(response);
      if (!transient.has(response.status) || attempt === tries || (wait ?? 0) > longestWait) {
        throw this.problems.refusal(response, this.repository, settings);
      }
      await this.pause(attempt, wait);
    }
  }
}
