import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Figures, Reporter } from "../../src/base/task.js";
import { runProgress } from "../../src/cells/run-progress.js";
import { cell } from "../../src/notebook/display.js";

describe("runProgress", () => {
  it("counts the steps and tokens of all trainings on one line, and names other phases there", () => {
    const told: (readonly [string, ...(number | undefined)[]])[] = [];
    const reporter: Reporter = {
      start: (label, total) => ({
        update: (done: number, figures?: Figures) => void told.push([`${label} of ${total}`, done, figures?.tokens]),
        between: (text: string) => void told.push([text]),
        finish: (text) => void told.push([`finished ${text ?? ""}`]),
      }),
    };
    const progress = runProgress(reporter, "SeRA", 4, () => {});
    const train = progress.reporter.start("align 1/2", 2);
    train.update(1, { loss: 1, tokens: 10 });
    train.update(2, { loss: 1, tokens: 20 });
    train.finish();
    const review = progress.reporter.start("review 2/2", 100, "pairs");
    review.update(50);
    review.update(100);
    review.between!("respond 1/2 responses");
    review.finish();
    progress.reporter.start("align 2/2", 2).update(1, { loss: 1, tokens: 5 });
    progress.finish();
    assert.deepEqual(told, [
      ["align 1/2"],
      ["SeRA of 4", 1, 10],
      ["SeRA of 4", 2, 20],
      ["review 2/2"],
      ["review 2/2 50/100 pairs"],
      ["review 2/2 100/100 pairs"],
      ["review 2/2: respond 1/2 responses"],
      ["align 2/2"],
      ["SeRA of 4", 3, 25],
      ["finished "],
    ]);
  });

  it("counts the steps of earlier processes in a resumed run", () => {
    const told: number[] = [];
    const reporter: Reporter = {
      start: (_, __, ___, done = 0) => {
        told.push(done);
        return { update: (now: number) => void told.push(now), finish() {} };
      },
    };
    // Two trainings of three steps were finished, and two steps of the third.
    const progress = runProgress(reporter, "SeRA", 12, () => {});
    progress.reporter.resumed!(8);
    const third = progress.reporter.start("align 3/4", 3, "steps", 2);
    third.update(3, { tokens: 5 });
    third.finish();
    const fourth = progress.reporter.start("align 4/4", 3, "steps", 0);
    for (const step of [1, 2, 3]) fourth.update(step, { tokens: 5 });
    fourth.finish();
    progress.complete();
    progress.finish();
    assert.deepEqual(told, [8, 9, 10, 11, 12]);
  });

  it("completes the count for a run that was read from its folder, but not for one that was trained", () => {
    const counted = (trained: boolean) => {
      const told: number[] = [];
      const progress = runProgress(
        { start: () => ({ update: (done: number) => void told.push(done), finish() {} }) },
        "DPO",
        4,
        () => {},
      );
      if (trained) {
        const training = progress.reporter.start("align", 3);
        training.update(3, { tokens: 5 });
        training.finish();
      }
      progress.complete();
      progress.finish();
      return told;
    };
    assert.deepEqual(counted(false), [4]);
    assert.deepEqual(counted(true), [3]);
  });

  it("names the phases of user-defined functions on the line, also between two phases of the run", () => {
    const told: string[] = [];
    const start: Reporter["start"] = (label) => ({
      update() {},
      between: (text) => void told.push(`${label}: ${text}`),
      finish() {},
    });
    const progress = runProgress({ start }, "mine", 4, () => {});
    progress.within(() => cell.reporter.start("respond", 8, "responses").update(3));
    assert.deepEqual(told, ["mine: respond 3/8 responses"]);
  });

  it("displays notes, also those of user-defined functions, below the line, and no place", () => {
    const told: string[] = [];
    const start: Reporter["start"] = (label) => ({ update() {}, finish: () => void told.push(`${label} ended`) });
    const progress = runProgress({ start }, "DPO", 4, (text) => void told.push(text));
    const training = progress.reporter.start("align", 4);
    progress.reporter.place!("new run in runs/dpo");
    progress.reporter.note!("a cache cannot be written");
    progress.within(() => cell.reporter.note!("a token is unknown"));
    training.update(4, { tokens: 5 });
    training.finish();
    assert.deepEqual(told, []);
    progress.finish();
    assert.deepEqual(told, ["DPO ended", "a cache cannot be written", "a token is unknown"]);
  });
});
