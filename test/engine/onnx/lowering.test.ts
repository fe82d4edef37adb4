import { after, describe, it } from "node:test";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import type { OpName } from "../../../src/graph/attributes.js";
import { definitions } from "../../../src/graph/ops/index.js";
import { compositions } from "../../graph/cases/compositions.js";
import { far } from "../../graph/cases/far.js";
import { cases } from "../../graph/cases/index.js";
import { checkCase, runOn } from "../../support/check-case.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());
const run = runOn(engine);
const runFrozen = runOn(engine, { frozen: true });

describe("ONNX Runtime matches the reference", () => {
  for (const op of Object.keys(definitions) as OpName[]) {
    it(op, async () => {
      for (const found of cases[op]) await checkCase(found, run);
    });
  }
  for (const found of compositions) it(found.title, () => checkCase(found, run));
});

describe("ONNX Runtime matches the reference with frozen state", () => {
  for (const found of [...Object.values(cases).flat(), ...compositions])
    it(found.title, () => checkCase(found, runFrozen));
});

describe("values and gradients far from 0 stay finite and match the reference", () => {
  for (const found of far) it(found.title, () => checkCase(found, run));
});
