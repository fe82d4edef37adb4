import { z } from "zod";
import { InputError, quote } from "../base/errors.js";
import { checkOptionNames, namesOf } from "../base/option-names.js";
import { quoteAddress } from "../base/quote-address.js";
import { serverUrl } from "../base/requests/server-address.js";
import {
  TrackingRefused,
  type RunEnd,
  type StepSink,
  type TrackedRun,
  type TrackedStep,
  type Tracker,
} from "../run/tracking.js";
import { TrackingServer } from "./request.js";

/** Options of {@link wandb}. */
export interface WandbOptions {
  /** Default: `WANDB_PROJECT`, or else "sera-lab". */
  readonly project?: string;
  /** The user or team. Default: `WANDB_ENTITY`, or else the owner of the key. */
  readonly entity?: string;
}

/**
 * Sends each step of a run to Weights & Biases, with the run's options as config. A resumed run continues in its
 * original W&B run.
 *
 * W&B's own Node SDK (@wandb/sdk 0.5.1) cannot resume runs, and ends the process if the server fails; this function
 * therefore uses the API of W&B's Python client: a GraphQL mutation for the run, and its file stream for the steps.
 * `WANDB_API_KEY` is the key, and `WANDB_BASE_URL` the address of a self-hosted server (default https://api.wandb.ai).
 *
 * @example const run = await sera(policy, pairs, { beta: 2, track: wandb({ project: "alignment" }) });
 * @throws InputError if there is no key
 */
export function wandb(options: WandbOptions = {}): Tracker {
  checkOptionNames("wandb", options, namesOf<WandbOptions>({ project: true, entity: true }));
  const { project = process.env["WANDB_PROJECT"] ?? "sera-lab", entity = process.env["WANDB_ENTITY"] } = options;
  const { WANDB_API_KEY: key, WANDB_BASE_URL: base = "https://api.wandb.ai" } = process.env;
  if (!key) throw new InputError("wandb: no API key; set WANDB_API_KEY (https://wandb.ai/authorize shows yours)");
  const url = serverUrl(base);
  if (!url)
    throw new InputError(
      `wandb: WANDB_BASE_URL: found ${quoteAddress(base)}, expected an http:// or https:// address without a user, password, query or fragment`,
    );
  for (const [name, value] of Object.entries({ project, entity })) {
    if (value !== undefined && (typeof value !== "string" || value === "" || /[/\\#?%:]/.test(value)))
      throw new InputError(`wandb: ${name}: found ${quote(value)}, expected a name without / \\ # ? % :`);
  }
  const server = new TrackingServer(url, `Basic ${Buffer.from(`api:${key}`).toString("base64")}`, "WANDB_API_KEY");
  return { name: "Weights & Biases", open: (run) => openRun(server, project, entity, run) };
}

const upsertRun = `
mutation UpsertBucket($name: String, $project: String, $entity: String, $displayName: String, $config: JSONString) {
  upsertBucket(input: { name: $name, modelName: $project, entityName: $entity, displayName: $displayName, config: $config }) {
    bucket { name historyLineCount project { name entity { name } } }
  }
}`;

const upserted = z.object({
  data: z.object({
    upsertBucket: z.object({
      bucket: z.object({
        name: z.string(),
        historyLineCount: z.number().nullish(),
        project: z.object({ name: z.string(), entity: z.object({ name: z.string() }) }),
      }),
    }),
  }),
});
const refused = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) });

async function openRun(
  server: TrackingServer,
  project: string,
  entity: string | undefined,
  { name, digest, facts }: TrackedRun,
): Promise<StepSink> {
  const config = JSON.stringify(Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, { value }])));
  // With the digest as its id, a repeated request returns the same run.
  const variables = { name: digest.slice(0, 16), project, entity, displayName: name, config };
  const { body } = await server.ask("POST", "/graphql", { query: upsertRun, variables });
  const errors = refused.safeParse(body);
  if (errors.success)
    throw new TrackingRefused(`the server refused the run (${server.withoutSecrets(errors.data.errors[0]!.message)})`);
  const { bucket } = upserted.parse(body).data.upsertBucket;
  const path = [bucket.project.entity.name, bucket.project.name, bucket.name].map(encodeURIComponent).join("/");
  const send = (part: object) => server.ask("POST", `/files/${path}/file_stream`, part);
  const begun = Date.now();
  const latest: Record<string, number> = {};
  return {
    // The history has one line per step.
    lastStep: bucket.historyLineCount ?? 0,
    // W&B considers a run crashed after minutes of silence.
    heartbeat: 30,
    async write(steps) {
      if (steps.length === 0) return void (await send({}));
      const lines = steps.map((step) => historyLine(step, begun));
      Object.assign(latest, ...lines);
      await send({
        files: {
          // The offset keeps a line sent twice from being duplicated.
          "wandb-history.jsonl": { offset: steps[0]!.step - 1, content: lines.map((line) => JSON.stringify(line)) },
          "wandb-summary.json": { offset: 0, content: [JSON.stringify(latest)] },
        },
      });
    },
    async end(how) {
      await send({ complete: true, exitcode: exitCodeOf[how] });
    },
  };
}

/** W&B shows a nonzero exit code as failed, except 255, which it shows as stopped. */
const exitCodeOf: Readonly<Record<RunEnd, number>> = { finished: 0, stopped: 255, failed: 1 };

function historyLine({ step, time, metrics }: TrackedStep, begun: number): Record<string, number> {
  return { ...metrics, _step: step, _timestamp: time / 1000, _runtime: Math.max(0, (time - begun) / 1000) };
}
