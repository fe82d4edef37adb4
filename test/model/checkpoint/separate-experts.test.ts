import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { tensor, type Tensor } from "../../../src/graph/tensor.js";
import { fitWeights } from "../../../src/model/checkpoint/fit-weights.js";
import { readAll } from "../../../src/model/checkpoint/tensor-source.js";
import { openWeights } from "../../../src/model/checkpoint/weight-files.js";
import { writeWeights } from "../../../src/model/checkpoint/write-weights.js";
import type { ModelConfig } from "../../../src/model/config.js";
import { parameterShapes, type Parameters } from "../../../src/model/parameters/parameters.js";
import { emptyFolder } from "../../support/folder.js";
import { loadModelCase } from "../../support/model-case.js";

async function fitted(t: TestContext, config: ModelConfig, stored: Parameters) {
  const folder = emptyFolder(t);
  await writeWeights(folder, stored);
  const files = await openWeights(folder);
  t.after(() => files.close());
  return fitWeights(config, files);
}

/** The experts' matrices as stored by transformers 5 in memory and by `save_pretrained(save_original_format=False)`. */
function inMemory(parameters: Parameters, { experts }: { experts: number }): Map<string, Tensor<"float32">> {
  const found = new Map<string, Tensor<"float32">>();
  const stack = (parts: readonly Tensor<"float32">[]) =>
    Float32Array.from(parts.flatMap(({ data }) => Array.from(data)));
  for (const [name, weight] of parameters) {
    const [, layer, end] = /^(.*\.layers\.\d+)\.(?:block_sparse_moe|mlp)\.(gate\.weight|experts\..*)$/.exec(name) ?? [];
    if (layer === undefined || end === undefined) found.set(name, weight);
    else if (end === "gate.weight") found.set(`${layer}.mlp.gate.weight`, weight);
    else if (/^experts\.0\.(w1|gate_proj)\.weight$/.test(end)) {
      const of = (expert: number, part: string) =>
        parameters.get(name.replace(/experts\.0\.(w1|gate_proj)/, `experts.${expert}.${part}`))!;
      const [gate, up, down] = end.includes("w1") ? ["w1", "w3", "w2"] : ["gate_proj", "up_proj", "down_proj"];
      const all = Array.from({ length: experts }, (_, expert) => expert);
      const [width, hidden] = weight.shape as [number, number];
      found.set(
        `${layer}.mlp.experts.gate_up_proj`,
        tensor([experts, 2 * width, hidden], stack(all.flatMap((expert) => [of(expert, gate!), of(expert, up!)]))),
      );
      found.set(
        `${layer}.mlp.experts.down_proj`,
        tensor([experts, hidden, width], stack(all.map((expert) => of(expert, down!)))),
      );
    }
  }
  return found;
}

for (const name of ["mixtral", "qwen3-moe"]) {
  test(`stacked experts are read like separate ones (${name})`, async (t) => {
    const { config, parameters } = await loadModelCase(`architectures/${name}`);
    assert.ok("experts" in config);
    const together = inMemory(parameters, config);
    assert.ok(together.size < parameters.size);
    const weights = await fitted(t, config, together);
    assert.deepEqual([...weights.tensors.keys()], [...parameterShapes(config).keys()]);
    for (const [each, weight] of await readAll(weights)) assert.deepEqual(weight, parameters.get(each), each);
    const last = [...weights.tensors.keys()].findLast((each) => each.includes("experts"))!;
    assert.deepEqual((await weights.readAsStored(last)).data, parameters.get(last)!.data);
  });
}

test("stacked experts of another number or width are refused by name", async (t) => {
  const { config, parameters } = await loadModelCase("architectures/qwen3-moe");
  assert.ok(config.architecture === "qwen3_moe");
  const together = inMemory(parameters, config);
  await assert.rejects(
    fitted(t, { ...config, experts: 4 }, together),
    /no parameter "model\.layers\.1\.mlp\.experts\.0\.gate_proj\.weight" but "model\.layers\.1\.mlp\.experts\.gate_up_proj"|parameter "model\.layers\.1\.mlp\.gate\.weight" of shape \[5,16\], expected \[4,16\]/,
  );
  await assert.rejects(
    fitted(t, { ...config, expertSize: 7 }, together),
    /parameter "model\.layers\.1\.mlp\.experts\.0\.gate_proj\.weight" of shape \[9,16\], expected \[7,16\], as config\.json says$/,
  );
});
