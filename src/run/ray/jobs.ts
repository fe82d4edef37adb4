import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { InputError, quote } from "../../base/errors.js";

/** Where a job stands; the last three are ends. */
export type JobStatus = z.infer<typeof jobStatus>;
const jobStatus = z.enum(["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]);

const version = z.object({ ray_version: z.string() });
const submitted = z.object({ submission_id: z.string() });
const details = z.object({ status: jobStatus, message: z.string().nullish(), submission_id: z.string().nullish() });
const logs = z.object({ logs: z.string().nullish() });

export type JobDetails = z.infer<typeof details>;

/** Seconds for one answer, and between two attempts. */
const longestAnswer = 30;
const pause = 1;
/** Bytes of an answer: Ray keeps no more of a log in one. */
const longestBody = 64e6;

/** A head that does not answer. */
export class UnreachableError extends InputError {}

/** A request that the head has answered with an error. */
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
 * While the head does not answer, as when it is started again, requests wait for it up to a number of seconds.
 */
export class Jobs {
  /**
   * @param origin of the head's job server
   * @param patience seconds that it may not answer for
   * @param token of a cluster that asks for one (RAY_AUTH_TOKEN)
   */
  constructor(
    readonly origin: string,
    private readonly patience: number,
    private readonly token: string | undefined = process.env["RAY_AUTH_TOKEN"],
  ) {}

  /** The version of Ray; asked once, since who begins wants to know at once that nobody is there. */
  async rayVersion(): Promise<string> {
    return (await this.ask("/api/version", version, { patience: 0 })).ray_version;
  }

  /** Starts a command as a job, unless there is one of this id: an answer that was lost is no reason to start it twice. */
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

  /** Ids of all jobs that the head knows, and where they stand. */
  async list(): Promise<ReadonlyMap<string, JobStatus>> {
    const found = await this.ask("/api/jobs/", z.array(details));
    return new Map(found.flatMap(({ submission_id: id, status }) => (id ? [[id, status] as const] : [])));
  }

  /** What a job has written so far. */
  async logs(id: string): Promise<string> {
    return (await this.ask(`/api/jobs/${id}/logs`, logs)).logs ?? "";
  }

  /** Asks a job to end. */
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
    // The dashboard answers so while what is behind it starts.
    if (status >= 502 || (status === 500 && text.includes("try again later")))
      throw new UnreachableError(`${this.origin}: Ray's job server is not ready (${status})`);
    throw new RefusedError(`${this.origin}${path}: refused with ${status}: ${quote(text.trim(), 400)}`, status);
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Not `fetch`, whose Sec-Fetch-Mode makes Ray take it for a browser, which may start no job. */
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
