import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { InputError, quote } from "../../base/errors.js";

/** Status of a job; the last three are final. */
export type JobStatus = z.infer<typeof jobStatus>;
const jobStatus = z.enum(["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]);

const version = z.object({ ray_version: z.string() });
const submitted = z.object({ submission_id: z.string() });
const details = z.object({ status: jobStatus, message: z.string().nullish(), submission_id: z.string().nullish() });
const logs = z.object({ logs: z.string().nullish() });

export type JobDetails = z.infer<typeof details>;

/** Timeout of a request, and pause between attempts, in seconds. */
const longestAnswer = 30;
const pause = 1;
/** Maximum bytes of an answer; Ray returns no more of a log at once. */
const longestBody = 64e6;

/** The head does not answer. */
export class UnreachableError extends InputError {}

/** The head answered a request with an error. */
class RefusedError extends InputError {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/**
 * Ray's Jobs REST API (https://docs.ray.io/en/latest/cluster/running-applications/job-submission/rest.html).
 *
 * While the head does not answer, for example during a restart, requests are retried for `patience` seconds.
 */
export class Jobs {
  /**
   * @param origin origin of the head's job server
   * @param patience seconds for which the head may be unreachable
   * @param token token of a cluster that requires one (RAY_AUTH_TOKEN)
   */
  constructor(
    readonly origin: string,
    private readonly patience: number,
    private readonly token: string | undefined = process.env["RAY_AUTH_TOKEN"],
  ) {}

  /** Returns the version of Ray. It is requested without retries, so that a missing head is reported at once. */
  async rayVersion(): Promise<string> {
    return (await this.ask("/api/version", version, { patience: 0 })).ray_version;
  }

  /** Starts a command as a job, unless a job with this id exists, so that a lost answer does not start it twice. */
  async submit(id: string, entrypoint: string): Promise<void> {
    try {
      await this.ask("/api/jobs/", submitted, { method: "POST", body: { entrypoint, submission_id: id } });
    } catch (error) {
      if (!(error instanceof RefusedError && error.message.includes("already exists"))) throw error;
    }
  }

  /** @throws InputError if the head does not know the job */
  async details(id: string): Promise<JobDetails> {
    try {
      return await this.ask(`/api/jobs/${id}`, details);
    } catch (error) {
      if (!(error instanceof RefusedError && error.status === 404)) throw error;
      throw new InputError(
        `${this.origin}: the head does not know the job ${id} any more, as after it was started anew; what was finished is kept, so run this again`,
        { cause: error },
      );
    }
  }

  /** Returns the ids and statuses of all jobs that the head knows. */
  async list(): Promise<ReadonlyMap<string, JobStatus>> {
    const found = await this.ask("/api/jobs/", z.array(details));
    return new Map(found.flatMap(({ submission_id: id, status }) => (id ? [[id, status] as const] : [])));
  }

  /** Returns the log of a job so far. */
  async logs(id: string): Promise<string> {
    return (await this.ask(`/api/jobs/${id}/logs`, logs)).logs ?? "";
  }

  /** Requests that a job stops. */
  async stop(id: string): Promise<void> {
    await this.ask(`/api/jobs/${id}/stop`, z.unknown(), { method: "POST" });
  }

  private async ask<T>(
    path: string,
    schema: z.ZodType<T>,
    { method = "GET", body, patience = this.patience }: { method?: string; body?: object; patience?: number } = {},
  ): Promise<T> {
    const until = performance.now() + 1000 * patience;
    for (;;) {
      try {
        return schema.parse(JSON.parse(await this.once(path, method, body)));
      } catch (error) {
        if (error instanceof InputError && !(error instanceof UnreachableError)) throw error;
        if (error instanceof SyntaxError || error instanceof z.ZodError) {
          throw new InputError(
            `${this.origin}${path}: the answer is not one of Ray's job server; give the address of its dashboard, as in ray://host:8265`,
            { cause: error },
          );
        }
        if (performance.now() >= until) throw error;
        await setTimeout(1000 * pause);
      }
    }
  }

  private async once(path: string, method: string, body: object | undefined): Promise<string> {
    const headers = {
      ...(body && { "content-type": "application/json" }),
      ...(this.token && { authorization: `Bearer ${this.token}` }),
    };
    let answer: Answer;
    try {
      answer = await send(new URL(path, this.origin), method, headers, body && JSON.stringify(body));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new UnreachableError(
        `${this.origin}: no job server of Ray answers (${code ?? message}); start one by ray start --head, or give the address of the head's dashboard`,
        { cause: error },
      );
    }
    const { status, text } = answer;
    if (status >= 200 && status < 300) return text;
    // The dashboard answers like this while its backend starts.
    if (status >= 502 || (status === 500 && text.includes("try again later")))
      throw new UnreachableError(`${this.origin}: Ray's job server is not ready (${status})`);
    throw new RefusedError(`${this.origin}${path}: refused with ${status}: ${quote(text.trim(), 400)}`, status);
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends a request without `fetch`, whose Sec-Fetch-Mode header makes Ray refuse jobs as from a browser. */
async function send(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): Promise<Answer> {
  const signal = AbortSignal.timeout(1000 * longestAnswer);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(url, { method, headers, signal });
    request.on("response", resolve).on("error", reject).end(body);
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longestBody) throw new Error(`an answer of more than ${longestBody / 1e6} MB`);
    chunks.push(chunk);
  }
  return { status: response.statusCode!, text: Buffer.concat(chunks).toString("utf8") };
}
