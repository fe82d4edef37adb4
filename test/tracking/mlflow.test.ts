import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { TrackingRefused } from "../../src/run/tracking.js";
import { mlflow } from "../../src/tracking/mlflow.js";
import {
  cut,
  inEnvironment,
  refuse,
  TrackingServerOfTest,
  type TrackingAnswer,
  type TrackingRequest,
} from "../support/tracking-server.js";

const run = {
  name: "mine-01234567",
  digest: "ab".repeat(32),
  facts: { method: { name: "sera", version: "1" }, options: { beta: 2, prefix: "x".repeat(600) } },
};
const steps = (count: number, figures = 2) =>
  Array.from({ length: count }, (_, i) => ({
    step: i + 1,
    time: 1000 + i,
    metrics: Object.fromEntries(Array.from({ length: figures }, (_, j) => [`train/f${j}`, i + j])),
  }));

interface StoredRun {
  readonly info: { readonly run_id: string };
  status: string;
  readonly tags: readonly { key: string; value: string }[];
  readonly metrics: { key: string; value: number; step: number; timestamp: number }[];
  readonly params: { key: string; value: string }[];
}

/** The part of MLflow's server that the tracker uses: experiments by name, runs by a tag, metrics and params. */
class Mlflow {
  readonly experiments: string[] = [];
  readonly runs: StoredRun[] = [];

  readonly answer = ({ path, body }: TrackingRequest): TrackingAnswer => {
    const { pathname, searchParams } = new URL(path, "http://any");
    switch (pathname.replace("/api/2.0/mlflow/", "")) {
      case "experiments/get-by-name": {
        const at = this.experiments.indexOf(searchParams.get("experiment_name")!);
        return at === -1
          ? [404, { error_code: "RESOURCE_DOES_NOT_EXIST" }]
          : [200, { experiment: { experiment_id: String(at), name: this.experiments[at] } }];
      }
      case "experiments/create":
        return [200, { experiment_id: String(this.experiments.push(body.name) - 1) }];
      case "runs/search": {
        const wanted = /^tags\.`sera\.run` = '(\w+)'$/.exec(body.filter)![1];
        return [
          200,
          {
            runs: this.runs
              .filter(({ tags }) => tags.some(({ value }) => value === wanted))
              .map((found) => this.shown(found)),
          },
        ];
      }
      case "runs/create":
        this.runs.push({
          info: { run_id: `r${this.runs.length}` },
          status: "RUNNING",
          tags: body.tags,
          metrics: [],
          params: [],
        });
        return [200, { run: this.shown(this.runs.at(-1)!) }];
      case "runs/update":
        this.of(body).status = body.status;
        return [200, {}];
      case "runs/log-batch": {
        const { metrics = [], params = [] } = body;
        if (metrics.length > 1000 || params.length > 100) return [400, { error_code: "INVALID_PARAMETER_VALUE" }];
        const known = new Set(this.of(body).metrics.map((metric) => JSON.stringify(metric)));
        this.of(body).metrics.push(...metrics.filter((metric: object) => !known.has(JSON.stringify(metric))));
        this.of(body).params.push(...params);
        return [200, {}];
      }
      default:
        return [404, { error_code: "ENDPOINT_NOT_FOUND" }];
    }
  };

  private of({ run_id }: { run_id: string }): StoredRun {
    return this.runs.find(({ info }) => info.run_id === run_id)!;
  }

  private shown({ info, metrics }: StoredRun) {
    const latest = new Map(metrics.map((metric) => [metric.key, metric]));
    return { info, data: latest.size === 0 ? {} : { metrics: [...latest.values()] } };
  }
}

async function started(test: TestContext) {
  const stored = new Mlflow();
  const server = await TrackingServerOfTest.start(test, stored.answer);
  inEnvironment(test, {
    MLFLOW_TRACKING_URI: `${server.url}/`,
    MLFLOW_TRACKING_TOKEN: "secret",
    MLFLOW_TRACKING_USERNAME: undefined,
    MLFLOW_EXPERIMENT_NAME: undefined,
  });
  return { stored, server };
}

describe("mlflow", () => {
  it("creates the experiment and the run, with its options as params and each metric at its step", async (test) => {
    const { stored, server } = await started(test);
    const sink = await mlflow().open(run);
    assert.equal(sink.lastStep, 0);
    await sink.write(steps(2));
    await sink.end("finished");
    assert.deepEqual(stored.experiments, ["sera-lab"]);
    const [{ status, metrics, params }] = stored.runs as [StoredRun];
    assert.equal(status, "FINISHED");
    assert.deepEqual(metrics, [
      { key: "train/f0", value: 0, step: 1, timestamp: 1000 },
      { key: "train/f1", value: 1, step: 1, timestamp: 1000 },
      { key: "train/f0", value: 1, step: 2, timestamp: 1001 },
      { key: "train/f1", value: 2, step: 2, timestamp: 1001 },
    ]);
    assert.deepEqual(params.slice(0, 3), [
      { key: "method.name", value: "sera" },
      { key: "method.version", value: "1" },
      { key: "options.beta", value: "2" },
    ]);
    assert.equal(params[3]!.value.length, 500);
    assert.ok(server.asked.every(({ authorization }) => authorization === "Bearer secret"));
  });

  it("resumes the run that it began, after its last step", async (test) => {
    const { stored } = await started(test);
    const first = await mlflow().open(run);
    await first.write(steps(3));
    await first.end("stopped");
    assert.equal(stored.runs[0]!.status, "KILLED");
    const again = await mlflow().open(run);
    assert.equal(again.lastStep, 3);
    assert.equal(stored.runs[0]!.status, "RUNNING");
    await again.end("failed");
    assert.deepEqual(
      stored.runs.map(({ status }) => status),
      ["FAILED"],
    );
    assert.equal((await mlflow().open({ ...run, digest: "cd".repeat(32) })).lastStep, 0);
    assert.equal(stored.runs.length, 2);
    assert.deepEqual(stored.experiments, ["sera-lab"]);
  });

  it("sends as many whole steps as fit into a request", async (test) => {
    const { stored, server } = await started(test);
    const sink = await mlflow({ experiment: "e" }).open(run);
    await sink.write(steps(130, 16));
    assert.equal(stored.runs[0]!.metrics.length, 130 * 16);
    const sizes = server.asked.flatMap(({ path, body }) =>
      path.endsWith("log-batch") && body.metrics ? [body.metrics.length] : [],
    );
    assert.deepEqual(sizes, [992, 992, 96]);
  });

  it("distinguishes transient from permanent errors, without quoting the token", async (test) => {
    const { server } = await started(test);
    const sink = await mlflow().open(run);
    server.fail(refuse(503, "busy"), cut, refuse(401, "bad token secret"), refuse(400, "not so, secret"));
    const host = new URL(server.url).host;
    await assert.rejects(sink.write(steps(1)), { name: "Error", message: `${host} returned status 503 (busy)` });
    await assert.rejects(sink.write(steps(1)), { name: "Error", message: new RegExp(`^${host} is not reached \\(`) });
    await assert.rejects(sink.write(steps(1)), {
      name: "TrackingRefused",
      message: `${host} refused access (status 401); check MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD`,
    });
    await assert.rejects(
      sink.write(steps(1)),
      (error: Error) => error instanceof TrackingRefused && error.message.endsWith("status 400 (not so, …)"),
    );
    await sink.write(steps(1));
  });

  it("refuses a redirect without quoting the query of its address", async (test) => {
    const { server } = await started(test);
    const sink = await mlflow().open(run);
    const asked = server.asked.length;
    server.fail((response) => response.writeHead(307, { location: `${server.url}/elsewhere?key=secret` }).end());
    await assert.rejects(sink.write(steps(1)), {
      name: "TrackingRefused",
      message: `${new URL(server.url).host} redirects to "${server.url}/elsewhere?…", which is not followed; give the address that it leads to`,
    });
    assert.equal(server.asked.length, asked + 1);
  });

  it("requires the http address of a server without credentials or a query", (test) => {
    inEnvironment(test, { MLFLOW_TRACKING_URI: undefined });
    assert.throws(
      () => mlflow(),
      /^InputError: mlflow: no address of a tracking server; set MLFLOW_TRACKING_URI, or pass trackingUri$/,
    );
    assert.throws(() => mlflow({ trackingUri: "https://me:pass@mlflow.test" }), {
      name: "InputError",
      message: /found "https:\/\/…@mlflow\.test", expected .* without a user, password, query or fragment$/,
    });
    assert.throws(() => mlflow({ trackingUri: "https://mlflow.test/?token=secret" }), {
      name: "InputError",
      message: /found "https:\/\/mlflow\.test\/\?…", expected/,
    });
    assert.throws(
      () => mlflow({ trackingUri: "file:///mlruns" }),
      /^InputError: mlflow: found "file:\/\/\/mlruns", expected the http:\/\/ or https:\/\/ address/,
    );
  });
});
