import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { StreamBuffer } from "../../../src/kernel/front/stream-buffer.js";

function buffer() {
  const published: [name: string, text: string][] = [];
  return { published, stream: new StreamBuffer((name, text) => published.push([name, text])) };
}

describe("StreamBuffer", () => {
  it("joins synchronous writes and publishes them as one message", async () => {
    const { published, stream } = buffer();
    for (let count = 0; count < 1000; count++) stream.write("stdout", `${count} `);
    assert.deepEqual(published, []);
    await wait(10);
    assert.deepEqual(published, [["stdout", Array.from({ length: 1000 }, (_, count) => `${count} `).join("")]]);
  });

  it("publishes at most every 20 ms while writes continue", async () => {
    const { published, stream } = buffer();
    const started = performance.now();
    let written = "";
    while (performance.now() - started < 300) {
      stream.write("stdout", "x");
      written += "x";
      await wait(1);
    }
    stream.flush();
    assert.equal(published.map(([, text]) => text).join(""), written);
    assert.ok(published.length > 3 && published.length <= 17, `${published.length} messages`);
  });

  it("keeps the order of stdout and stderr", () => {
    const { published, stream } = buffer();
    stream.write("stdout", "a");
    stream.write("stderr", "b");
    stream.write("stdout", "c");
    stream.flush();
    assert.deepEqual(published, [
      ["stdout", "a"],
      ["stderr", "b"],
      ["stdout", "c"],
    ]);
  });

  it("does not split a surrogate pair", async () => {
    const { published, stream } = buffer();
    stream.write("stdout", "a\ud83d");
    await wait(10);
    stream.write("stdout", "\ude00");
    await wait(50);
    assert.deepEqual(published, [
      ["stdout", "a"],
      ["stdout", "😀"],
    ]);
  });

  it("publishes nothing if nothing was written", () => {
    const { published, stream } = buffer();
    stream.flush();
    stream.write("stdout", "");
    stream.flush();
    assert.deepEqual(published, []);
  });
});
