import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { direct } from "../../src/methods/index.js";
import { openRun } from "../../src/run/open-run.js";
import {
  Tracking,
  TrackingRefused,
  type RunEnd,
  type StepSink,
  type TrackedRun,
  type TrackedStep,
  type Tracker,
} from "../../src/run/tracking.js";
import { emptyFolder } from "../support/folder.js";
import { resultsIn, tinyInput, tinySera } from "../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const dpo = () => direct({ batchSize: 4, learningRate: 1e-2, rounds: 3, seed: 1 })();

/** Keeps what it is sent, as a tracker's server does. */
class Kept implements Tracker {
  readonly name = "Kept";
  readonly steps: TrackedStep[] = [];
  readonly ends: RunEnd[] = [];
  readonly runs: TrackedRun[] = [];
  /** Errors that the next calls of open and write throw. */
  readonly faults: Error[] = [];

  async open(run: TrackedRun): Promise<StepSink> {
    this.fail();
    this.runs.push(run);
    return {
      lastStep: this.steps.at(-1)?.step ?? 0,
      write: async (steps) => {
        this.fail();
        this.steps.push(...steps);
      },
      end: async (how) => void this.ends.push(how),
    };
  }

  private fail(): void {
    const fault = this.faults.shift();
    if (fault) throw fault;
  }
}

function watched(trackers: readonly Tracker[]) {
  const notes: string[] = [];
  return {
    notes,
    controls: {
      trackers,
      reporter: { start: () => ({ update() {}, finish() {} }), note: (text: string) => void notes.push(text) },
    },
  };
}

/** The steps in `metrics.jsonl`, as trackers receive them. */
function logged(folder: string) {
  const rows = readFileSync(join(folder, "metrics.jsonl"), "utf8").split("\n").slice(0, -1);
  return rows.map((row, i) => ({ step: i + 1, loss: JSON.parse(row).loss as number }));
}

/** Lets pending callbacks run. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const shown = (kept: Kept) => kept.steps.map(({ step, metrics }) => ({ step, loss: metrics["train/loss"] }));

describe("a tracked run", () => {
  it("sends each row of metrics.jsonl once, with steps numbered across iterations", async (test) => {
    const [folder, kept] = [emptyFolder(test), new Kept()];
    await openRun(tinySera(), await tinyInput(programs), { folder }, watched([kept]).controls);
    assert.deepEqual(shown(kept), logged(folder));
    assert.ok(new Set(kept.steps.map(({ metrics }) => metrics["train/iteration"])).size > 1);
    assert.deepEqual(kept.ends, ["finished"]);
    const { digest } = JSON.parse(readFileSync(join(folder, "run.json"), "utf8"));
    assert.equal(kept.runs[0]!.digest, digest);
    assert.ok(kept.runs[0]!.name.endsWith(`-${digest.slice(0, 8)}`));
  });

  it("sends no step twice after a resume, and sends a tracker the steps that it lacks", async (test) => {
    const [folder, kept, late] = [emptyFolder(test), new Kept(), new Kept()];
    const abort = new AbortController();
    const { controls } = watched([kept]);
    const stopping = {
      ...controls,
      signal: abort.signal,
      onStep: ({ step }: { step: number }) => void (step === 3 && abort.abort(new Error("enough"))),
    };
    await assert.rejects(openRun(dpo(), await tinyInput(programs), { folder }, stopping), /enough/);
    assert.deepEqual(kept.ends, ["stopped"]);
    assert.equal(kept.steps.length, 3);
    // As if the process was killed after a step that no checkpoint contains.
    kept.steps.push({ ...kept.steps[2]!, step: 4 });
    await openRun(dpo(), await tinyInput(programs), { folder }, { ...controls, trackers: [kept, late] });
    assert.deepEqual(
      kept.steps.map(({ step }) => step),
      [1, 2, 3, 4, 5, 6],
    );
    assert.deepEqual(shown(late), logged(folder));
    await openRun(dpo(), await tinyInput(programs), { folder }, controls);
    assert.equal(kept.steps.length, 6);
  });

  it("continues if a tracker fails, warns once, and sends the missing steps when it is opened again", async (test) => {
    const [folder, alone, kept] = [emptyFolder(test), emptyFolder(test), new Kept()];
    kept.faults.push(...Array.from({ length: 9 }, () => new Error("no route")));
    const { notes, controls } = watched([kept]);
    await openRun(dpo(), await tinyInput(programs), { folder }, controls);
    await openRun(dpo(), await tinyInput(programs), { folder: alone });
    assert.deepEqual(resultsIn(folder), resultsIn(alone));
    assert.deepEqual(kept.steps, []);
    assert.deepEqual(
      notes.filter((note) => note.includes("Kept")),
      [
        "Kept: no route; the run goes on, and metrics.jsonl has every step. What is missing there is sent when the run is resumed or read again",
      ],
    );
    kept.faults.length = 0;
    await openRun(dpo(), await tinyInput(programs), { folder }, controls);
    assert.deepEqual(shown(kept), logged(folder));
  });

  it("sends steps again after a failed attempt, and sends none to a tracker that refused", async (test) => {
    const [folder, kept, closed] = [emptyFolder(test), new Kept(), new Kept()];
    kept.faults.push(new Error("once"));
    closed.faults.push(new TrackingRefused("wrong key"));
    const { notes, controls } = watched([kept, closed]);
    await openRun(dpo(), await tinyInput(programs), { folder }, controls);
    assert.deepEqual(shown(kept), logged(folder));
    assert.deepEqual([closed.steps, closed.ends], [[], []]);
    assert.equal(notes.filter((note) => /^Kept: (once|wrong key);/.test(note)).length, 2);
  });

  it("writes nothing after its end, even if it ends during a write", async (test) => {
    const [calls, steps]: [string[], number[]] = [[], []];
    let isWritten: () => void = () => {};
    const slow: Tracker = {
      name: "Slow",
      open: async () => ({
        lastStep: 0,
        heartbeat: 1,
        write: async (written) => {
          calls.push("write");
          steps.push(...written.map(({ step }) => step));
          if (calls.length === 1) await new Promise<void>((resolve) => (isWritten = resolve));
        },
        end: async () => void calls.push("end"),
      }),
    };
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const run = { name: "mine", digest: "ab", facts: {} as TrackedRun["facts"] };
    const row = { phase: "align", iteration: 1, step: 1, loss: 0.5 } as unknown as Parameters<Tracking["add"]>[0];
    const tracking = Tracking.begin([slow], run, [row], undefined);
    test.mock.timers.tick(0);
    await turn();
    tracking.add(row);
    const ended = tracking.end("finished");
    isWritten();
    await ended;
    test.mock.timers.tick(100_000);
    await turn();
    assert.deepEqual(calls, ["write", "write", "end"]);
    assert.deepEqual(steps, [1, 2]);
  });

  it("is reported to the tracker as failed if it throws", async (test) => {
    const [folder, kept] = [emptyFolder(test), new Kept()];
    const onStep = () => {
      throw new RangeError("mine");
    };
    await assert.rejects(
      openRun(dpo(), await tinyInput(programs), { folder }, { ...watched([kept]).controls, onStep }),
      /mine/,
    );
    assert.deepEqual(kept.ends, ["failed"]);
    assert.equal(kept.steps.length, 1);
  });
});
