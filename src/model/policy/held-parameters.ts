import { InputError } from "../../base/errors.js";
import type { Engine, State } from "../../engine/engine.js";
import { sizeOf, tensor, type Tensor } from "../../graph/tensor.js";
import type { TensorSource } from "../checkpoint/tensor-source.js";
import type { ModelConfig } from "../config.js";
import { parameterShapes, type Parameters } from "../parameters/parameters.js";
import { dequantizeRows, quantizeRows, widenTo8, type QuantizedRows } from "../parameters/quantization/quantize.js";
import {
  blockShapes,
  quantizedNames,
  quantizedWeights,
  type QuantizedWeight,
} from "../parameters/quantization/quantized-weights.js";

/* Moves parameters into an engine's state and back, unchanged or in quantised blocks as the config says. */

/**
 * Checks that an engine can store a model's parameters as its config asks.
 *
 * @throws InputError if it cannot
 */
export async function requireHolding(engine: Engine, { weights }: ModelConfig): Promise<void> {
  if (weights === undefined) return;
  const { engine: name, provider, backend } = await engine.describe();
  if (name === "onnx" && provider === "cpu") return;
  throw new InputError(
    `weights: ${weights} is computed by the engine onnx on cpu, and not by ${name} on ${provider ?? backend}; choose that engine, or leave weights out`,
  );
}

/**
 * Yields the tensors of a state for a checkpoint's parameters, one at a time. Reuses the file's own blocks if they fit.
 */
export async function* tensorsToHold(
  config: ModelConfig,
  source: TensorSource,
): AsyncGenerator<readonly [string, Tensor]> {
  const quantized = quantizedWeights(config);
  for (const name of source.tensors.keys()) {
    const weight = quantized.get(name);
    if (weight === undefined) yield [name, await source.read(name)];
    else yield* blockTensors(name, weight, await blocksOf(name, weight, source));
  }
}

/** The same for parameters already in memory. */
export function* parametersToHold(config: ModelConfig, parameters: Parameters): Generator<readonly [string, Tensor]> {
  const quantized = quantizedWeights(config);
  for (const [name, parameter] of parameters) {
    const weight = quantized.get(name);
    if (weight === undefined) yield [name, parameter];
    else yield* blockTensors(name, weight, quantize(name, weight, parameter));
  }
}

/** Copies the parameters of a state in float32, in their layout on disk. */
export async function readHeld(config: ModelConfig, state: State): Promise<Parameters> {
  const quantized = quantizedWeights(config);
  const found = (await state.read()) as Map<string, Tensor>;
  if (![...quantized.keys()].some((name) => found.has(quantizedNames(name).blocks)))
    return found as Map<string, Tensor<"float32">>;
  const parameters = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of parameterShapes(config)) {
    const weight = quantized.get(name);
    if (weight === undefined) {
      parameters.set(name, found.get(name) as Tensor<"float32">);
      continue;
    }
    const { bits, outputs, inputs, transposed } = weight;
    const names = quantizedNames(name);
    const [blocks, scales] = [
      found.get(names.blocks)!.data as Uint8Array,
      found.get(names.scales)!.data as Float32Array,
    ];
    const numbers = dequantizeRows({ bits, rows: outputs, columns: inputs, blocks, scales });
    parameters.set(name, tensor(shape, transposed ? turned(numbers, outputs, inputs) : numbers));
  }
  return parameters;
}

async function blocksOf(name: string, weight: QuantizedWeight, source: TensorSource): Promise<QuantizedRows> {
  const stored = await source.readBlocks?.(name);
  if (stored?.bits === weight.bits) return stored;
  // Every 4-bit value is exactly representable in 8 bits.
  if (stored?.bits === 4) return widenTo8(stored);
  return quantize(name, weight, await source.read(name));
}

function quantize(
  name: string,
  { bits, outputs, inputs, transposed }: QuantizedWeight,
  { data }: Tensor<"float32">,
): QuantizedRows {
  return quantizeRows(transposed ? turned(data, inputs, outputs) : data, outputs, inputs, bits, name);
}

function* blockTensors(
  name: string,
  weight: QuantizedWeight,
  { blocks, scales }: QuantizedRows,
): Generator<readonly [string, Tensor]> {
  const [names, shapes] = [quantizedNames(name), blockShapes(weight)];
  yield [names.blocks, { dtype: "uint8", shape: shapes.blocks, data: blocks }];
  yield [names.scales, tensor(shapes.scales, scales)];
}

/** Transposes a matrix. */
function turned(numbers: Float32Array, rows: number, columns: number): Float32Array {
  const found = new Float32Array(sizeOf([rows, columns]));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) found[column * rows + row] = numbers[row * columns + column]!;
  }
  return found;
}
