import type { Shape } from "../../graph/tensor.js";

/*
 * A model as the list of its modules, in layer order, under their names in transformers. Shapes, initial values and the possible
 * targets of an adapter all follow from it.
 */

/** Multiplies rows by a matrix; its parameters are `<name>.weight` and, if it has a bias, `<name>.bias`. */
export interface LinearLayer {
  readonly kind: "linear";
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
  /** How the weight is stored: [outputs, inputs], or [inputs, outputs] as in GPT-2's Conv1D. */
  readonly layout: "out-in" | "in-out";
  /** Whether the result is added to the residual stream. */
  readonly residual: boolean;
  /** Its role in a mixture of experts, if it belongs to one. */
  readonly routed: "router" | "expert" | false;
}

/** A row for each token id or position: `<name>.weight` [rows, size]. */
export interface Embedding {
  readonly kind: "embedding";
  readonly name: string;
  readonly rows: number;
  readonly size: number;
}

/** RMSNorm, or LayerNorm if it has a bias: `<name>.weight` and `<name>.bias`, both [size]. */
export interface Norm {
  readonly kind: "norm";
  readonly name: string;
  readonly size: number;
  readonly bias: boolean;
  /** The weight with which the norm scales by 1: 0 if weights are stored minus 1. */
  readonly one: 0 | 1;
}

export type Module = LinearLayer | Embedding | Norm;

/** A linear layer stored as [outputs, inputs]; by default without bias and not writing to the residual stream. */
export function linear(
  name: string,
  inputs: number,
  outputs: number,
  {
    bias = false,
    layout = "out-in",
    residual = false,
    routed = false,
  }: Partial<Pick<LinearLayer, "bias" | "layout" | "residual" | "routed">> = {},
): LinearLayer {
  return { kind: "linear", name, inputs, outputs, bias, layout, residual, routed };
}

export const embedding = (name: string, rows: number, size: number): Embedding => ({
  kind: "embedding",
  name,
  rows,
  size,
});
export const rmsNormModule = (name: string, size: number): Norm => ({ kind: "norm", name, size, bias: false, one: 1 });
export const centredRmsNormModule = (name: string, size: number): Norm => ({
  kind: "norm",
  name,
  size,
  bias: false,
  one: 0,
});
export const layerNormModule = (name: string, size: number): Norm => ({ kind: "norm", name, size, bias: true, one: 1 });

/** Shape of a module's weight, as on disk. */
export function weightShape(module: Module): Shape {
  switch (module.kind) {
    case "linear": {
      const { inputs, outputs, layout } = module;
      return layout === "out-in" ? [outputs, inputs] : [inputs, outputs];
    }
    case "embedding":
      return [module.rows, module.size];
    case "norm":
      return [module.size];
  }
}

/** Shape of a module's bias; undefined if it has none. */
export function biasShape(module: Module): Shape | undefined {
  if (module.kind === "embedding" || !module.bias) return undefined;
  return [module.kind === "linear" ? module.outputs : module.size];
}
