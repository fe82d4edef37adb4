import assert from "node:assert/strict";
import { it } from "node:test";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { providerChoices, type ProviderChoice } from "../../../src/engine/onnx/providers.js";
import { Graph, mul } from "../../../src/graph/index.js";

it("an engine refuses an unknown provider, and reports one that does not work here", async () => {
  const message = `provider "tpu" is not one of ${providerChoices.join(", ")}`;
  assert.throws(() => new OnnxEngine({ provider: "tpu" as ProviderChoice }), new RangeError(message));
  const provider = process.platform === "win32" ? "coreml" : "dml";
  const absent = new OnnxEngine({ provider });
  const unusable = new RegExp(
    `^InputError: provider: found ${provider}, which does not work here \\(.+\\), expected one of cpu, .* that does`,
  );
  const x = new Graph().input("x", "float32", [1]);
  await assert.rejects(absent.prepare({ outputs: { y: mul(x, 2) }, updates: new Map() }), unusable);
  await absent.close();
});
