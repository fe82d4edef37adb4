import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { TfjsEngine } from "../../../src/engine/tfjs/engine.js";
import type { OpName } from "../../../src/graph/attributes.js";
import { definitions } from "../../../src/graph/ops/index.js";
import { compositions } from "../../graph/cases/compositions.js";
import { far } from "../../graph/cases/far.js";
import { cases } from "../../graph/cases/index.js";
import { drawCases } from "../../graph/cases/random.js";
import { checkCase, runOn } from "../../support/check-case.js";
import { tfjsBackends } from "../../support/tfjs-backends.js";

const onnx = new OnnxEngine({ threads: 1 });
after(() => onnx.close());

/** Ops that tfjs refuses because it has no byte type. */
const refused: readonly OpName[] = ["matmulQuantized", "dequantize"];

for (const backend of tfjsBackends) {
  const tfjs = new TfjsEngine({ backend });
  after(() => tfjs.close());
  const check = (found: Parameters<typeof checkCase>[0]) => checkCase(found, runOn(tfjs), runOn(onnx));

  describe(`tfjs on ${backend} matches ONNX Runtime`, () => {
    for (const op of (Object.keys(definitions) as OpName[]).filter((op) => !refused.includes(op))) {
      it(op, async () => {
        for (const found of [...cases[op], ...drawCases(op, 6, Random.seeded(1))]) await check(found);
      });
    }
    for (const found of compositions) it(found.title, () => check(found));
    it("but refuses quantized weights", async () => {
      for (const op of refused)
        await assert.rejects(
          checkCase(cases[op][0]!, runOn(tfjs)),
          /quantised weights cannot be held or computed on the engine tfjs/,
        );
    });
  });

  describe(`tfjs on ${backend} keeps values and gradients finite and correct far from 0`, () => {
    for (const found of far) it(found.title, () => check(found));
  });
}
