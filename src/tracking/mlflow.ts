import { z } from "zod";
import { InputError, quote } from "../base/errors.js";
import { checkOptionNames, namesOf } from "../base/option-names.js";
import { quoteAddress } from "../base/quote-address.js";
import { serverUrl } from "../base/requests/server-address.js";
import { factsByPath } from "../run/folder/identity.js";
import type { RunEnd, StepSink, TrackedRun, TrackedStep, Tracker } from "../run/tracking.js";
import { TrackingServer } from "./request.js";

/** Options of {@link mlflow}. */
export interface MlflowOptions {
  /** Address of the tracking server. Default: `MLFLOW_TRACKING_URI`. */
  readonly trackingUri?: string;
  /** Default: `MLFLOW_EXPERIMENT_NAME`, or else "sera-lab"; created if missing. */
  readonly experiment?: string;
}

/** The tag with a run's digest, by which a resumed run is found. */
const digestTag = "sera.run";
/** Maximum number of metrics, and of params, per MLflow request. */
const [mostFigures, mostParams] = [1000, 100];
/** Maximum length of a param's value that every version accepts. */
const longestParam = 500;

const experimentAnswer = z.object({ experiment: z.object({ experiment_id: z.string() }) });
const createdExperiment = z.object({ experiment_id: z.string() });
const mlflowRun = z.object({
  info: z.object({ run_id: z.string() }),
  data: z.object({ metrics: z.array(z.object({ step: z.coerce.number() })).default([]) }).prefault({}),
});
const foundRuns = z.object({ runs: z.array(mlflowRun).default([]) });

/**
 * Sends each step of a run to an MLflow tracking server, with the run's options as params. A resumed run continues in
 * its original MLflow run.
 *
 * Uses the server's REST API (https://mlflow.org/docs/latest/rest-api.html), with `MLFLOW_TRACKING_TOKEN`, or
 * `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, if set.
 *
 * @example const run = await sera(policy, pairs, { beta: 2, track: mlflow({ experiment: "beta sweep" }) });
 * @throws InputError if no server address is given
 */
export function mlflow(options: MlflowOptions = {}): Tracker {
  checkOptionNames("mlflow", options, namesOf<MlflowOptions>({ trackingUri: true, experiment: true }));
  const {
    trackingUri = process.env["MLFLOW_TRACKING_URI"],
    experiment = process.env["MLFLOW_EXPERIMENT_NAME"] ?? "sera-lab",
  } = options;
  if (trackingUri === undefined || trackingUri === "")
    throw new InputError("mlflow: no address of a tracking server; set MLFLOW_TRACKING_URI, or pass trackingUri");
  const url = serverUrl(trackingUri);
  if (!url)
    throw new InputError(
      `mlflow: found ${quoteAddress(trackingUri)}, expected the http:// or https:// address of a tracking server (mlflow server), without a user, password, query or fragment`,
    );
  if (typeof experiment !== "string" || experiment === "")
    throw new InputError(`mlflow: experiment: found ${quote(experiment)}, expected a name`);
  return {
    name: "MLflow",
    open: (run) =>
      openRun(
        new TrackingServer(url, authorization(), "MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD"),
        experiment,
        run,
      ),
  };
}

function authorization(): string | undefined {
  const {
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_TRACKING_USERNAME: user,
    MLFLOW_TRACKING_PASSWORD: password = "",
  } = process.env;
  // Same precedence as MLflow's own client.
  if (user) return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return token ? `Bearer ${token}` : undefined;
}

const api = "/api/2.0/mlflow";

async function openRun(server: TrackingServer, experiment: string, run: TrackedRun): Promise<StepSink> {
  const experimentId = await experimentNamed(server, experiment);
  const filter = `tags.\`${digestTag}\` = '${run.digest}'`;
  const found = foundRuns.parse(
    (await server.ask("POST", `${api}/runs/search`, { experiment_ids: [experimentId], filter, max_results: 1 })).body,
  ).runs[0];
  const { info, data } = found ?? (await createRun(server, experimentId, run));
  const update = (status: string, more = {}) =>
    server.ask("POST", `${api}/runs/update`, { run_id: info.run_id, status, ...more });
  if (found) await update("RUNNING");
  return {
    // For each metric, MLflow returns the value of the last step.
    lastStep: Math.max(0, ...data.metrics.map(({ step }) => step)),
    async write(steps) {
      for (const metrics of batches(steps))
        await server.ask("POST", `${api}/runs/log-batch`, { run_id: info.run_id, metrics });
    },
    async end(how) {
      await update(statusOf[how], { end_time: Date.now() });
    },
  };
}

const statusOf: Readonly<Record<RunEnd, string>> = { finished: "FINISHED", stopped: "KILLED", failed: "FAILED" };

async function experimentNamed(server: TrackingServer, name: string): Promise<string> {
  const found = await server.ask(
    "GET",
    `${api}/experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`,
    undefined,
    [404],
  );
  if (found.status !== 404) return experimentAnswer.parse(found.body).experiment.experiment_id;
  return createdExperiment.parse((await server.ask("POST", `${api}/experiments/create`, { name })).body).experiment_id;
}

async function createRun(server: TrackingServer, experimentId: string, { name, digest, facts }: TrackedRun) {
  const tags = [{ key: digestTag, value: digest }];
  const created = z.object({ run: mlflowRun }).parse(
    (
      await server.ask("POST", `${api}/runs/create`, {
        experiment_id: experimentId,
        run_name: name,
        start_time: Date.now(),
        tags,
      })
    ).body,
  ).run;
  const params = [...factsByPath(facts)].map(([key, json]) => ({
    key,
    value: String(JSON.parse(json)).slice(0, longestParam),
  }));
  for (let at = 0; at < params.length; at += mostParams) {
    await server.ask("POST", `${api}/runs/log-batch`, {
      run_id: created.info.run_id,
      params: params.slice(at, at + mostParams),
    });
  }
  return created;
}

/**
 * Batches of metrics, each of complete steps and as large as a request allows, so that the last step of a run is never
 * partial.
 */
function* batches(steps: readonly TrackedStep[]): Generator<object[]> {
  let batch: object[] = [];
  for (const { step, time, metrics } of steps) {
    const figures = Object.entries(metrics).map(([key, value]) => ({ key, value, step, timestamp: time }));
    if (batch.length > 0 && batch.length + figures.length > mostFigures) {
      yield batch;
      batch = [];
    }
    batch.push(...figures);
  }
  if (batch.length > 0) yield batch;
}
