import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { pinned } from "../../src/run/ray/versions.js";

/** The parts of a job's command line, `python -m sera_cluster VERB 'STORAGE' STAGE --workers N --gpus N`. */
export interface Entrypoint {
  readonly verb: string;
  readonly storage: string;
  readonly stage: string;
  readonly workers: number;
  readonly gpus: number;
}

/** Does the work of a job. If it throws, the job fails with the error's message in its log. */
export type Work = (entrypoint: Entrypoint, signal: AbortSignal) => Promise<void>;

export interface ServedJob {
  readonly id: string;
  readonly entrypoint: string;
  status: "PENDING" | "RUNNING" | "STOPPED" | "SUCCEEDED" | "FAILED";
  message: string;
  log: string;
  readonly abort: AbortController;
}

/**
 * A test job server with the Jobs REST API of a Ray head node, where a function does the jobs. It is stopped after the
 * test.
 */
export class RayServer {
  readonly jobs = new Map<string, ServedJob>();
  version: string = pinned.ray;
  /** Answers in place of the API if a test sets it. */
  instead: ((response: ServerResponse) => void) | undefined;
  /** Whether it breaks the connection in place of answering the next submission, whose job it starts. */
  losesAnswer = false;

  private constructor(
    private readonly server: Server,
    private readonly work: Work,
  ) {}

  static async start(test: TestContext, work: Work): Promise<RayServer> {
    const server = createServer();
    const ray = new RayServer(server, work);
    server.on("request", (request, response) => void ray.respond(request, response));
    await ray.listen(0);
    test.after(() => ray.stop());
    return ray;
  }

  /** Starts to listen, by default on its earlier port. */
  async listen(port = this.port): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get address(): string {
    return `ray://127.0.0.1:${this.port}`;
  }

  /** The jobs of a verb, in the order of their submission. */
  of(verb: string): ServedJob[] {
    return [...this.jobs.values()].filter(({ entrypoint }) => parsed(entrypoint).verb === verb);
  }

  private port = 0;

  private async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.instead) return this.instead(response);
    let text = "";
    for await (const part of request) text += String(part);
    const { method = "GET", url = "", headers } = request;
    const answer = (status: number, body: unknown) =>
      void response
        .writeHead(status, { "content-type": typeof body === "string" ? "text/plain" : "application/json" })
        .end(typeof body === "string" ? body : JSON.stringify(body));
    // As in Ray, a request that looks like a browser's may only read.
    if (method !== "GET" && headers["sec-fetch-mode"] !== undefined)
      return answer(405, `'${method}' method not allowed for browser traffic.`);
    if (url === "/api/version")
      return answer(200, { version: "4", ray_version: this.version, ray_commit: "0", session_name: "session" });
    if (url === "/api/jobs/")
      return method === "POST"
        ? this.submit(JSON.parse(text) as Submission, this.losesAnswer ? () => response.destroy() : answer)
        : answer(200, [...this.jobs.values()].map(detailsOf));
    const [, id, part] = /^\/api\/jobs\/([^/]+)(?:\/(logs|stop))?$/.exec(url) ?? [];
    const job = this.jobs.get(id ?? "");
    if (!job) return answer(404, `Job ${id} does not exist`);
    if (part === "logs") return answer(200, { logs: job.log });
    if (part === undefined) return answer(200, detailsOf(job));
    this.end(job, "STOPPED", "Job was intentionally stopped.");
    return answer(200, { stopped: true });
  }

  private submit({ submission_id: id, entrypoint }: Submission, answer: (status: number, body: unknown) => void): void {
    this.losesAnswer = false;
    if (this.jobs.has(id))
      return answer(500, `Job with submission_id ${id} already exists. Please use a different submission_id.`);
    const job: ServedJob = {
      id,
      entrypoint,
      status: "RUNNING",
      message: "Job is currently running.",
      log: "",
      abort: new AbortController(),
    };
    this.jobs.set(id, job);
    answer(200, { job_id: id, submission_id: id });
    void this.work(parsed(entrypoint), job.abort.signal).then(
      () => this.end(job, "SUCCEEDED", "Job finished successfully."),
      (error: unknown) => {
        job.log += `Traceback (most recent call last):\n${error instanceof Error ? error.message : String(error)}\n`;
        this.end(
          job,
          "FAILED",
          `Job entrypoint command failed with exit code 1, last available logs (truncated to 20,000 chars):\n${job.log}`,
        );
      },
    );
  }

  private end(job: ServedJob, status: ServedJob["status"], message: string): void {
    if (job.status !== "RUNNING") return;
    Object.assign(job, { status, message });
    job.abort.abort(new Error("the job was stopped"));
  }
}

interface Submission {
  readonly submission_id: string;
  readonly entrypoint: string;
}

const detailsOf = ({ id, entrypoint, status, message }: ServedJob) => ({
  type: "SUBMISSION",
  submission_id: id,
  job_id: null,
  entrypoint,
  status,
  message,
  metadata: {},
});

function parsed(entrypoint: string): Entrypoint {
  const [, verb, storage, stage, workers, gpus] =
    /^\S+ -m sera_cluster (\w+) '(.*)' (\S+) --workers (\d+) --gpus (\d+)$/.exec(entrypoint)!;
  return { verb: verb!, storage: storage!, stage: stage!, workers: Number(workers), gpus: Number(gpus) };
}
