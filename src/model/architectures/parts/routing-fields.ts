import { z } from "zod";
import { inputError } from "../../../base/errors.js";
import type { RoutingConfig } from "../../config.js";

/* Fields of config.json about a mixture of experts. */

/**
 * Fields that would change the training are refused: noise on the router's input, and the load-balancing loss, which transformers
 * adds to its own loss if `output_router_logits` is true. The loss coefficient alone has no effect.
 */
export const routingFields = {
  router_jitter_noise: z.literal(0).default(0),
  output_router_logits: z.literal(false).default(false),
};

/** @throws InputError if there are more experts per token than experts */
export function checkRouting({ experts, expertsPerToken }: RoutingConfig, file: string): RoutingConfig {
  if (expertsPerToken > experts)
    throw inputError({ file }, `num_experts_per_tok = ${expertsPerToken}`, `at most the ${experts} experts of a layer`);
  return { experts, expertsPerToken };
}
