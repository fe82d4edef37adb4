import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { InputError, quote } from "../../base/errors.js";
import { readWithin } from "../../base/response-body.js";

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

  /** Starts a command as a job. @throws InputError where there is a job of this id */
  async submit(id: string, entrypoint: string): Promise<void> {
    await this.ask("/api/jobs/", submitted, { method: "POST", body: { entrypoint, submission_id: id } });
  }

  async details(id: string): Promise<JobDetails> {
    return this.ask(`/api/jobs/${id}`, details);
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

  private async ask<T>(path: string, schema: z.ZodType<T>, { method = "GET", body, patience = this.patience }: { method?: string; body?: object; patience?: number } = {}): Promise<T> {
    const until = performance.now() + 1000 * patience;
    for (;;) {
      try {
        return schema.parse(JSON.parse(await this.once(path, method, body)));
      } catch (error) {
        if (error instanceof InputError && !(error instanceof UnreachableError)) throw error;
        if (error instanceof SyntaxError || error instanceof z.ZodError) {
          throw new InputError(`${this.origin}${path}: the answer is not one of Ray's job server; give the address of its dashboard, as in ray://host:8265`, { cause: error });
        }
        if (performance.now() >= until) throw error;
        await setTimeout(1000 * pause);
      }
    }
  }

  private async once(path: string, method: string, body: object | undefined): Promise<string> {
    const headers = { ...(body && { "content-type": "application/json" }), ...(this.token && { authorization: `Bearer ${this.token}` }) };
    let response: Response;
    try {
      const signal = AbortSignal.timeout(1000 * longestAnswer);
      response = await readWithin(await fetch(new URL(path, this.origin), { method, headers, signal, ...(body && { body: JSON.stringify(body) }) }), longestBody);
    } catch (error) {
      const { code, message } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
      throw new UnreachableError(`${this.origin}: no job server of Ray answers (${code ?? message}); start one by ray start --head, or give the address of the head's dashboard`, { cause: error });
    }
    const text = await response.text();
    if (response.ok) return text;
    // The dashboard answers so while what is behind it starts.
    if (response.status >= 502) throw new UnreachableError(`${this.origin}: Ray's job server is not ready (${response.status})`);
    throw new InputError(`${this.origin}${path}: refused with ${response.status}: ${quote(text.trim(), 400)}`);
  }
}
