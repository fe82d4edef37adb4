import { gelu, geluTanh, mul, silu, type Value } from "../../../graph/index.js";
import type { Activation } from "../../config.js";
import type { Network } from "../network.js";

/** SwiGLU: down(silu(gate(x)) · up(x)), each linear layer by its module's name (Shazeer 2020, arXiv 2002.05202). */
export function gatedFeedForward(network: Network, x: Value, { gate, up, down }: Record<"gate" | "up" | "down", string>): Value {
  return network.linear(mul(silu(network.linear(x, gate)), network.linear(x, up)), down);
}

/** down(activation(up(x))), each linear layer by its module's name. */
export function feedForward(network: Network, x: Value, { up, down }: Record<"up" | "down", string>, activation: Activation): Value {
  const wide = network.linear(x, up);
  return network.linear(activation === "gelu" ? gelu(wide) : geluTanh(wide), down);
}
