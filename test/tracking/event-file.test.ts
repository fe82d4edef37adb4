import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { crc32c } from "../../src/tracking/crc32c.js";
import { readEvents, stepRecord, versionRecord } from "../../src/tracking/event-file.js";

/** Written by TensorBoard's own classes; see make_events.py in the same folder. */
const written = readFileSync("test/fixtures/tracking/events.tfrecord");
const time = 1700000000250;
const records = [
  versionRecord(time),
  stepRecord({ step: 1, time: time + 1000, metrics: { "train/loss": 0.6931471805599453, "train/rewards/margins": 0 } }),
  stepRecord({
    step: 2,
    time: time + 2000,
    metrics: { "train/loss": -1.5e-30, "train/rewards/accuracies": 1, "eval/loss": 0.25 },
  }),
  stepRecord({ step: 300, time: time + 300000, metrics: { "train/loss": 1e30 } }),
];

describe("crc32c", () => {
  it("returns the checksums of RFC 3720", () => {
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  });
});

describe("an event file", () => {
  it("has the bytes that TensorBoard writes", () => {
    assert.deepEqual(Buffer.concat(records), written);
  });

  it("is read to its last step", () => {
    assert.deepEqual(readEvents(written), { bytes: written.length, lastStep: 300 });
    assert.deepEqual(readEvents(Buffer.alloc(0)), { bytes: 0, lastStep: 0 });
  });

  it("is read up to the first truncated or damaged record", () => {
    const [head, first, second] = records.map(({ length }) => length) as [number, number, number];
    for (const cut of [1, 4, 5, 20])
      assert.deepEqual(readEvents(written.subarray(0, head + first + second + cut)), {
        bytes: head + first + second,
        lastStep: 2,
      });
    for (const at of [0, 9, 14, second - 2]) {
      const damaged = Buffer.from(written);
      damaged[head + first + at]! ^= 1;
      assert.deepEqual(readEvents(damaged), { bytes: head + first, lastStep: 1 });
    }
  });
});
