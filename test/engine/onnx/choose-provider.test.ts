import assert from "node:assert/strict";
import { it } from "node:test";
import { fasterOf } from "../../../src/engine/onnx/choose-provider.js";

it("fasterOf returns the provider with faster matrix products, and the CPU if either fails", () => {
  const speed = (gflops: number) => ({ gflops, drivers: [] });
  const failed = { reason: "no device" };
  assert.equal(fasterOf(speed(50), speed(900)), "webgpu");
  assert.equal(fasterOf(speed(50), speed(20)), "cpu");
  assert.equal(fasterOf(speed(50), failed), "cpu");
  assert.equal(fasterOf(failed, speed(900)), "cpu");
});
