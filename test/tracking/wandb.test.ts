import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { wandb } from "../../src/tracking/wandb.js";
import {
  inEnvironment,
  refuse,
  TrackingServerOfTest,
  type TrackingAnswer,
  type TrackingRequest,
} from "../support/tracking-server.js";

const run = { name: "mine-01234567", digest: "0123456789abcdef".repeat(4), facts: { options: { beta: 2 } } };
const steps = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => ({
    step: first + i,
    time: 1e12 + i,
    metrics: { "train/loss": first + i },
  }));

/** The part of W&B's server that the tracker uses: a run by its id, and its file stream of lines at offsets. */
class Wandb {
  readonly history: object[] = [];
  config: unknown;
  summary: unknown;
  exitCode: number | undefined;

  readonly answer = ({ path, body }: TrackingRequest): TrackingAnswer => {
    if (path === "/graphql") {
      const { name, project, entity = "me", config } = body.variables;
      if (project === "closed") return [200, { data: null, errors: [{ message: "project closed not found" }] }];
      this.config = JSON.parse(config);
      return [
        200,
        {
          data: {
            upsertBucket: {
              bucket: {
                name,
                historyLineCount: this.history.length || null,
                project: { name: project, entity: { name: entity } },
              },
            },
          },
        },
      ];
    }
    if (path !== "/files/me/sera-lab/0123456789abcdef/file_stream") return [404, {}];
    const { offset = 0, content = [] } = body.files?.["wandb-history.jsonl"] ?? {};
    for (const [i, line] of content.entries()) this.history[offset + i] = JSON.parse(line);
    this.summary = body.files ? JSON.parse(body.files["wandb-summary.json"].content[0]) : this.summary;
    this.exitCode = body.complete ? body.exitcode : this.exitCode;
    return [200, {}];
  };
}

async function started(test: TestContext) {
  const stored = new Wandb();
  const server = await TrackingServerOfTest.start(test, stored.answer);
  inEnvironment(test, {
    WANDB_API_KEY: "key",
    WANDB_BASE_URL: server.url,
    WANDB_PROJECT: undefined,
    WANDB_ENTITY: undefined,
  });
  return { stored, server };
}

describe("wandb", () => {
  it("sends a line of history for each step, and the options as config", async (test) => {
    const { stored, server } = await started(test);
    const sink = await wandb().open(run);
    await sink.write(steps(1, 2));
    await sink.write([]);
    await sink.end("finished");
    assert.deepEqual(stored.config, { options: { value: { beta: 2 } } });
    assert.deepEqual(
      stored.history.map((line) => ({ ...line, _runtime: 0 })),
      [
        { "train/loss": 1, _step: 1, _timestamp: 1e9, _runtime: 0 },
        { "train/loss": 2, _step: 2, _timestamp: 1e9 + 0.001, _runtime: 0 },
      ],
    );
    assert.equal((stored.summary as Record<string, number>)["train/loss"], 2);
    assert.equal(stored.exitCode, 0);
    assert.ok(
      server.asked.every(({ authorization }) => authorization === `Basic ${Buffer.from("api:key").toString("base64")}`),
    );
  });

  it("resumes the run that it began, and keeps one line if a line is sent twice", async (test) => {
    const { stored, server } = await started(test);
    const first = await wandb().open(run);
    await first.write(steps(1, 3));
    await first.end("stopped");
    assert.equal(stored.exitCode, 255);
    const again = await wandb().open(run);
    assert.equal(again.lastStep, 3);
    await again.write(steps(4, 5));
    await again.write(steps(4, 5));
    server.fail(refuse(500));
    await assert.rejects(again.write(steps(6, 6)), { name: "Error" });
    await again.write(steps(6, 6));
    assert.deepEqual(
      stored.history.map((line) => (line as { _step: number })._step),
      [1, 2, 3, 4, 5, 6],
    );
  });

  it("reports refusals and invalid settings without quoting the key", async (test) => {
    const { server } = await started(test);
    await assert.rejects(wandb({ project: "closed" }).open(run), {
      name: "TrackingRefused",
      message: "the server refused the run (project closed not found)",
    });
    server.fail(refuse(401));
    await assert.rejects(wandb().open(run), {
      name: "TrackingRefused",
      message: /refused access \(status 401\); check WANDB_API_KEY$/,
    });
    assert.throws(() => wandb({ project: "a/b" }), /^InputError: wandb: project: found "a\/b"/);
    server.fail(refuse(400, `no key "long-key" (${Buffer.from("api:long-key").toString("base64")})`));
    inEnvironment(test, { WANDB_API_KEY: "long-key" });
    await assert.rejects(wandb().open(run), { name: "TrackingRefused", message: /status 400 \(no key "…" \(…\)\)$/ });
    inEnvironment(test, { WANDB_BASE_URL: "https://me:pass@wandb.test" });
    assert.throws(() => wandb(), { name: "InputError", message: /found "https:\/\/…@wandb\.test", expected/ });
    inEnvironment(test, { WANDB_BASE_URL: server.url, WANDB_API_KEY: undefined });
    assert.throws(() => wandb(), /^InputError: wandb: no API key; set WANDB_API_KEY/);
  });
});
