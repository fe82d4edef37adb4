import { z } from "zod";
import { inputError } from "../../../base/errors.js";
import type { RoutingConfig } from "../../config.js";

/* Fields of config.json about a mixture of experts. */

/**
 * What asks for another training is refused: noise on what the router reads, and the load-balancing loss, which transformers
 * adds to its own loss where `output_router_logits` is true. Its coefficient alone changes nothing.
 */
export const routingFields = {
  router_jitter_noise: z.literal(0).default(0),
  output_router_logits: z.literal(false).default(false),
};

/** @throws InputError where a token goes to more experts than there are */
export function checkRouting({ experts, expertsPerToken }: RoutingConfig, file: string): RoutingConfig {
  if (expertsPerToken > experts)
    throw inputError({ file }, `num_experts_per_tok = ${expertsPerToken}`, `at most the ${experts} experts of a layer`);
  return { experts, expertsPerToken };
}
