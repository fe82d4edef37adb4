import { gelu, geluTanh, mul, silu, slice, type Value } from "../../../graph/index.js";
import type { Activation } from "../../config.js";
import type { Network } from "../network.js";

/** Gate activations: SwiGLU's, and GeGLU's with the tanh approximation (Shazeer 2020, arXiv 2002.05202). */
const gates = { silu, "gelu-tanh": geluTanh };
export type GateActivation = keyof typeof gates;

/** SwiGLU or GeGLU: down(activation(gate(x)) · up(x)), each linear layer by its module's name. */
export function gatedFeedForward(
  network: Network,
  x: Value,
  { gate, up, down }: Record<"gate" | "up" | "down", string>,
  activation: GateActivation = "silu",
): Value {
  return network.linear(mul(gates[activation](network.linear(x, gate)), network.linear(x, up)), down);
}

/** {@link gatedFeedForward} with one fused linear layer for gate and up projection, in this order. */
export function fusedGatedFeedForward(
  network: Network,
  x: Value,
  { gateUp, down }: Record<"gateUp" | "down", string>,
): Value {
  const both = network.linear(x, gateUp);
  const width = both.shape[1]! / 2;
  return network.linear(mul(silu(slice(both, 1, 0, width)), slice(both, 1, width, 2 * width)), down);
}

/** down(activation(up(x))), each linear layer by its module's name. */
export function feedForward(
  network: Network,
  x: Value,
  { up, down }: Record<"up" | "down", string>,
  activation: Activation,
): Value {
  const wide = network.linear(x, up);
  return network.linear(activation === "gelu" ? gelu(wide) : geluTanh(wide), down);
}
