import { setTimeout } from "node:timers/promises";
import { inputError, type InputError } from "../base/errors.js";
import { askedWait, refusal } from "./refusal.js";
import { describeRepository, type RepositoryName } from "./repository-name.js";
import type { HubSettings } from "./settings.js";

/** How often a request is made before its failure is told. */
export const tries = 5;
/** The longest wait between two tries, in seconds; a hub that asks for more is left to the user. */
const longestWait = 120;
const transient: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Failures that another try does not mend: no such host, nothing listens there. */
const permanent: ReadonlySet<string> = new Set(["ENOTFOUND", "ECONNREFUSED"]);

/**
 * Asks the hub about one repository. What may pass is tried again, after the time that the hub asks for or else
 * 0.5, 1, 2 and 4 s. The token goes to the hub alone: it is put on requests to its own origin, and `fetch` takes it off
 * where a redirect leaves that.
 */
export class HubConnection {
  private readonly origin: string;

  constructor(
    readonly settings: HubSettings,
    readonly repository: RepositoryName,
    readonly signal: AbortSignal | undefined,
  ) {
    this.origin = new URL(settings.endpoint).origin;
  }

  /** `fetch` of small answers, which are read whole, so that a connection that breaks within one is tried again too. */
  readonly fetch: typeof fetch = (input, init) =>
    this.request(new URL(input instanceof Request ? input.url : input), init, async (response) => {
      const { status, headers } = response;
      return new Response(await response.arrayBuffer(), { status, headers });
    });

  /** Begins to read a large file at a byte; a server may give it from the beginning (status 200) all the same. */
  open(url: string, position: number): Promise<Response> {
    // Packed bytes would have a length of their own.
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (position > 0) headers["range"] = `bytes=${position}-`;
    return this.request(new URL(url), { headers }, (response) => Promise.resolve(response));
  }

  /** Waits before the try that follows failed try `attempt`, counted from 1. */
  async pause(attempt: number, seconds = 2 ** (attempt - 2)): Promise<void> {
    const { signal } = this;
    await setTimeout(1000 * seconds, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  }

  /** What to say where there is no way to the hub. */
  unreachable(error: unknown): InputError {
    const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    return inputError(
      { file: describeRepository(this.repository) },
      `no connection to ${this.settings.endpoint} (${code ?? message})`,
      "one (HF_ENDPOINT names a mirror), or HF_HUB_OFFLINE=1 to take what the cache holds",
      error,
    );
  }

  private async request<T>(url: URL, init: RequestInit | undefined, read: (response: Response) => Promise<T>): Promise<T> {
    const { settings, signal } = this;
    const headers = new Headers(init?.headers);
    if (settings.token && url.origin === this.origin) headers.set("authorization", `Bearer ${settings.token}`);
    for (let attempt = 1; ; attempt++) {
      let response: Response;
      try {
        response = await fetch(url, { ...init, headers, ...(signal && { signal }) });
        if (response.ok) return await read(response);
      } catch (error) {
        signal?.throwIfAborted();
        const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
        if (attempt === tries || (code && permanent.has(code))) throw this.unreachable(error);
        await this.pause(attempt);
        continue;
      }
      await response.body?.cancel();
      const wait = askedWait(response);
      if (!transient.has(response.status) || attempt === tries || (wait ?? 0) > longestWait) {
        throw refusal(response, this.repository, settings);
      }
      await this.pause(attempt, wait);
    }
  }
}
