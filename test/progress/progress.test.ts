import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Progress } from "../../src/progress/progress.js";

/** A stream that keeps what is written, and a clock that is set by hand. */
function fake({ isTTY, columns, quiet = false }: { isTTY: boolean; columns?: number; quiet?: boolean }) {
  const written: string[] = [];
  const time = { seconds: 100 };
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  return { written, time, progress: new Progress(stream, quiet, () => time.seconds) };
}

/** What a terminal shows of a drawing. */
const shown = (drawing: string | undefined) => drawing!.replace(/^\r/, "").replace("\x1b[K", "");

describe("Progress on a terminal", () => {
  it("shows all figures on one line", () => {
    const { written, time, progress } = fake({ isTTY: true, columns: 200 });
    const line = progress.start("align 2/3", 141, "steps");
    for (let step = 1; step <= 5; step++) {
      time.seconds += 2;
      line.update(step, { loss: 0.6931471, margin: -0.25, accuracy: 0.5, tokens: 5000 * step });
    }
    assert.equal(shown(written[0]), `align 2/3  ${"░".repeat(20)}  0/141 steps  0:00 elapsed`);
    assert.equal(
      shown(written.at(-1)),
      `align 2/3  █${"░".repeat(19)}  5/141 steps  4:32 left  loss 0.6931  margin -0.2500  accuracy 50.0 %  2,500 tokens/s  0:10 elapsed`,
    );
  });

  it("redraws its line in place, about ten times a second", () => {
    const { written, time, progress } = fake({ isTTY: true });
    const line = progress.start("sft", 1000, "steps");
    for (let step = 1; step <= 1000; step++) {
      time.seconds += 0.001;
      line.update(step);
    }
    assert.ok(written.length <= 11, `${written.length} drawings in a second`);
    assert.ok(written.length >= 9);
    for (const drawing of written) assert.match(drawing, /^\r[^\r\n]*\x1b\[K$/);
  });

  it("shows work between steps until the next one, and leaves it out of tokens per second but not of the time left", () => {
    const { written, time, progress } = fake({ isTTY: true, columns: 200 });
    const line = progress.start("SeRA", 12, "steps");
    line.between("evaluate the start");
    const steps = (from: number, to: number) => {
      for (let step = from; step <= to; step++) {
        time.seconds += 2;
        line.update(step, { tokens: 300 * step });
      }
    };
    steps(1, 4);
    time.seconds += 52;
    line.between("review 2/2 100/184 pairs");
    assert.equal(
      shown(written.at(-1)),
      `SeRA  ${"█".repeat(7)}${"░".repeat(13)}  4/12 steps  review 2/2 100/184 pairs  2:35 left  150 tokens/s  1:00 elapsed`,
    );
    steps(5, 8);
    assert.equal(
      shown(written.at(-1)),
      `SeRA  ${"█".repeat(13)}${"░".repeat(7)}  8/12 steps  0:38 left  150 tokens/s  1:08 elapsed`,
    );
    line.between("evaluate 2/2");
    line.finish();
    assert.doesNotMatch(written.at(-1)!, /evaluate/);
  });

  it("shows the time left only after a few steps", () => {
    const { written, time, progress } = fake({ isTTY: true });
    const line = progress.start("sft", 10, "steps");
    for (let step = 1; step <= 4; step++) {
      time.seconds += 1;
      line.update(step);
    }
    assert.deepEqual(
      written.map((drawing) => /\d+:\d+ left/.exec(drawing)?.[0]),
      [undefined, undefined, undefined, undefined, "0:06 left"],
    );
  });

  it("estimates the time left of a resumed phase from its new steps only", () => {
    const { written, time, progress } = fake({ isTTY: true });
    const line = progress.start("sft", 1010, "steps");
    for (let step = 1001; step <= 1004; step++) {
      time.seconds += 1;
      line.update(step);
    }
    assert.match(written.at(-1)!, /0:06 left/);
  });

  for (const columns of [100, 60, 20, 2]) {
    it(`draws lines narrower than ${columns} columns`, () => {
      const { written, time, progress } = fake({ isTTY: true, columns });
      const line = progress.start("align 2/3", 141, "steps");
      for (let step = 1; step <= 9; step++) {
        time.seconds += 1;
        line.update(step, { loss: 0.5, margin: 1.5, accuracy: 0.75, tokens: step * 1e6 });
      }
      for (const drawing of written) assert.ok([...shown(drawing)].length < columns, shown(drawing));
    });
  }

  it("shortens the bar, and then omits it, to make room for the text", () => {
    for (const [columns, bar] of [
      [70, "░".repeat(20)],
      [51, "░".repeat(8)],
      [47, ""],
    ] as const) {
      const { written, progress } = fake({ isTTY: true, columns });
      progress.start("scoring", 2312, "responses");
      assert.equal(shown(written[0]), ["scoring", bar, "0/2,312 responses", "0:00 elapsed"].filter(Boolean).join("  "));
    }
  });

  it("has no bar for work of unknown length", () => {
    const { written, progress } = fake({ isTTY: true });
    progress.start("evaluate 2/3", 1);
    assert.equal(shown(written[0]), "evaluate 2/3  0:00 elapsed");
  });

  it("leaves the final state on its own line and ignores later updates", () => {
    const { written, time, progress } = fake({ isTTY: true, columns: 30 });
    const line = progress.start("align 2/3", 2, "steps");
    time.seconds += 73;
    line.update(2, { loss: 0.25 });
    line.finish("saved to runs/first/iteration-2");
    line.update(1);
    line.finish();
    assert.equal(
      shown(written.at(-1)),
      "align 2/3  2/2 steps  loss 0.2500  in 1:13  saved to runs/first/iteration-2\n",
    );
  });

  it("keeps showing a metric until a newer value arrives", () => {
    const { written, time, progress } = fake({ isTTY: true });
    const line = progress.start("sft", 9, "steps");
    line.update(1, { loss: 12.345 });
    time.seconds += 1;
    line.update(2, { loss: undefined });
    assert.match(written.at(-1)!, /loss 12\.35/);
  });

  it("shows a phase without work as complete", () => {
    const { written, progress } = fake({ isTTY: true });
    const line = progress.start("scoring", 0, "responses");
    line.finish();
    assert.equal(shown(written.at(-1)), "scoring  0/0 responses  in 0:00\n");
  });
});

describe("Progress without a terminal", () => {
  it("writes a line at the start, at most one every 15 seconds, and one at the end", () => {
    const { written, time, progress } = fake({ isTTY: false });
    const line = progress.start("align 1/3", 40, "steps");
    for (let step = 1; step <= 40; step++) {
      time.seconds += 1;
      line.update(step, { loss: 0.5 });
    }
    line.finish();
    assert.deepEqual(written, [
      "align 1/3  0/40 steps\n",
      "align 1/3  15/40 steps  loss 0.5000  0:15 elapsed  0:25 left\n",
      "align 1/3  30/40 steps  loss 0.5000  0:30 elapsed  0:10 left\n",
      "align 1/3  40/40 steps  loss 0.5000  in 0:40\n",
    ]);
  });
});

describe("Progress of a resumed phase", () => {
  it("starts at the units that are done, and takes its rate from the new ones", () => {
    const { written, time, progress } = fake({ isTTY: false });
    const line = progress.start("align 1/2", 1200, "steps", 1000);
    for (let step = 1001; step <= 1020; step++) {
      time.seconds += 1;
      line.update(step);
    }
    line.finish();
    assert.deepEqual(written, [
      "align 1/2  1,000/1,200 steps\n",
      "align 1/2  1,015/1,200 steps  0:15 elapsed  3:05 left\n",
      "align 1/2  1,020/1,200 steps  in 0:20\n",
    ]);
  });
});

it("Progress writes nothing in quiet mode", () => {
  const { written, time, progress } = fake({ isTTY: true, quiet: true });
  const line = progress.start("sft", 2, "steps");
  time.seconds += 20;
  line.update(1);
  line.finish("done");
  assert.deepEqual(written, []);
});
