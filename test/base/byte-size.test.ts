import assert from "node:assert/strict";
import { it } from "node:test";
import { bytesIn, formatBytes } from "../../src/base/byte-size.js";

it("bytesIn reads plain bytes and decimal and binary units", () => {
  assert.deepEqual(["8GB", "8 GB", "1.5gb", "512MiB", "2 kB", "7", "1TiB", 12.7].map(bytesIn), [
    8e9,
    8e9,
    1.5e9,
    2 ** 29,
    2000,
    7,
    2 ** 40,
    12,
  ]);
});

it("bytesIn returns undefined for anything else", () => {
  for (const given of ["", "GB", "-1GB", "8 gigabytes", "1,5GB", "0", 0, -1, NaN, Infinity, undefined, null, {}])
    assert.equal(bytesIn(given), undefined, String(given));
});

it("formatBytes writes GB with one decimal, and MB below 1 GB", () => {
  assert.deepEqual([8e9, 1.25e9, 1e9 - 1, 1].map(formatBytes), ["8.0 GB", "1.3 GB", "1000 MB", "1 MB"]);
});
