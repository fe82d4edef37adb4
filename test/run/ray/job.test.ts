import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runJob } from "../../../src/run/ray/job.js";
import { Jobs } from "../../../src/run/ray/jobs.js";
import { RayServer } from "../../support/ray-server.js";

const command = "python -m sera_cluster train '/storage' stage --workers 1 --gpus 0";

/** Work that ends when `finish` is called. */
function controlled() {
  let finish!: (error?: Error) => void;
  const done = new Promise<void>((resolve, reject) => (finish = (error) => (error ? reject(error) : resolve())));
  done.catch(() => {});
  return { finish, work: () => done };
}

const soon = (milliseconds = 150) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("a job", () => {
  it("is numbered by attempt and polled until it ends", async (test) => {
    const { work, finish } = controlled();
    const server = await RayServer.start(test, work);
    const jobs = new Jobs(origin(server), 1);
    let looks = 0;
    const job = runJob(jobs, "sera-a", command, undefined, async () => void (++looks === 2 && finish()));
    await job;
    assert.ok(looks >= 3);
    assert.deepEqual([...server.jobs.keys()], ["sera-a-1"]);
    await runJob(jobs, "sera-a", command, undefined);
    await runJob(jobs, "sera-ab", command, undefined);
    assert.deepEqual([...server.jobs.keys()], ["sera-a-1", "sera-a-2", "sera-ab-1"]);
  });

  it("is awaited, not submitted again, if it is already running", async (test) => {
    const { work, finish } = controlled();
    const server = await RayServer.start(test, work);
    const jobs = new Jobs(origin(server), 1);
    await jobs.submit("sera-a-1", command);
    const job = runJob(jobs, "sera-a", command, undefined);
    await soon();
    finish();
    await job;
    assert.equal(server.jobs.size, 1);
  });

  it("is started only once if it is submitted twice", async (test) => {
    const server = await RayServer.start(test, async () => {});
    const jobs = new Jobs(origin(server), 1);
    await jobs.submit("sera-a-1", command);
    await jobs.submit("sera-a-1", command);
    assert.equal(server.jobs.size, 1);
  });

  it("is not started again if the answer to its submission was lost", async (test) => {
    let started = 0;
    const server = await RayServer.start(test, async () => void started++);
    server.losesAnswer = true;
    await runJob(new Jobs(origin(server), 10), "sera-a", command, undefined);
    assert.equal(server.losesAnswer, false);
    assert.deepEqual([[...server.jobs.keys()], started], [["sera-a-1"], 1]);
  });

  it("is reported as stopped, not as failed, if somebody stopped it", async (test) => {
    const server = await RayServer.start(test, () => new Promise(() => {}));
    const jobs = new Jobs(origin(server), 1);
    const job = runJob(jobs, "sera-a", command, undefined);
    await soon();
    await jobs.stop("sera-a-1");
    await assert.rejects(job, /the job sera-a-1 was stopped: Job was intentionally stopped\./);
  });

  it("fails with the last lines of a long log, and with what to install if its module is missing", async (test) => {
    const lines = Array.from({ length: 60 }, (_, i) => `line ${i}`).join("\n");
    const server = await RayServer.start(test, async () => {
      throw new Error(`${lines}\n/usr/bin/python: No module named sera_cluster`);
    });
    await assert.rejects(runJob(new Jobs(origin(server), 1), "sera-a", command, undefined), (error: Error) => {
      assert.ok(error.message.includes("  line 59\n"));
      assert.ok(!error.message.includes("line 40"));
      assert.match(error.message, /pip install \.\/cluster/);
      return true;
    });
  });

  it("continues if the head returns within the patience, and fails otherwise", async (test) => {
    const { work, finish } = controlled();
    const server = await RayServer.start(test, work);
    const waiting = runJob(new Jobs(origin(server), 10), "sera-a", command, undefined);
    await soon();
    await server.stop();
    await soon(500);
    await server.listen();
    finish();
    await waiting;
    const gone = runJob(new Jobs(origin(server), 0.2), "sera-b", command, undefined);
    gone.catch(() => {});
    await server.stop();
    await assert.rejects(gone, /no job server of Ray answers \(ECONN(REFUSED|RESET)\)/);
    await server.listen();
  });

  it("waits for a head that is still starting", async (test) => {
    const server = await RayServer.start(test, async () => {});
    server.instead = (response) =>
      void response.writeHead(500).end("No available agent to submit job, please try again later.");
    const job = runJob(new Jobs(origin(server), 10), "sera-a", command, undefined);
    await soon();
    server.instead = undefined;
    await job;
    assert.equal(server.jobs.size, 1);
  });

  it("fails if a new head does not know it", async (test) => {
    const server = await RayServer.start(test, () => new Promise(() => {}));
    const job = runJob(new Jobs(origin(server), 1), "sera-a", command, undefined);
    await soon();
    server.jobs.clear();
    await assert.rejects(job, /the head does not know the job sera-a-1 any more/);
  });

  it("is not submitted if the signal is already aborted", async (test) => {
    const server = await RayServer.start(test, async () => {});
    await assert.rejects(
      runJob(new Jobs(origin(server), 1), "sera-a", command, AbortSignal.abort(new Error("enough"))),
      /enough/,
    );
    assert.equal(server.jobs.size, 0);
  });
});

function origin(server: RayServer): string {
  return server.address.replace("ray:", "http:");
}
