import { z } from "zod";
import { InputError } from "../base/errors.js";
import type { ProgramCache } from "../engine/program-cache.js";
import type { Policy } from "../model/policy/policy.js";
import { loadAdapter } from "../model/policy/policy-files.js";
import type { RunFacts } from "../run/folder/identity.js";
import { openModel } from "./load-model.js";

const modelFacts = z.looseObject({ base: z.string().optional(), weights: z.enum(["int8", "int4"]).optional() });

/**
 * Loads a policy from a run's folder.
 *
 * @param facts the run's facts: the base of its adapters, and the base's weight format
 * @param start the policy that the run began from, if loaded: its base is reused for an adapter
 * @throws InputError if an adapter's base has changed since training
 */
export async function openRunPolicy(
  folder: string,
  programs: ProgramCache,
  facts: RunFacts,
  start: Policy | undefined,
): Promise<Policy> {
  const { base: trainedOn, weights } = modelFacts.parse(facts.model);
  if (trainedOn === undefined) return openModel(folder, programs);
  if (start && !start.isFreed && start.programs === programs) {
    await using base = start.withoutAdapter();
    return await loadAdapter(base, folder);
  }
  const policy = await openModel(folder, programs, { weights });
  const { base } = await policy.fingerprint();
  if (base === trainedOn) return policy;
  const { origin } = policy;
  await policy.free();
  throw new InputError(
    `${folder}: its adapter was trained on another model than the one that is at ${origin} now; put that one back, or run again`,
  );
}
