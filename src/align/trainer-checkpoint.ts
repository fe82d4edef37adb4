import { readSafetensors, writeSafetensors } from "../model/checkpoint/safetensors/safetensors.js";
import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import type { Best } from "./best.js";
import type { StepRecord, TrainerState } from "./trainer.js";

/** Prefixes, in a checkpoint, of parameter sets other than the policy's. */
const others = ["ema/", "reference/", "best/", "source/"] as const;

/** Atomically writes parameters, moments and everything else that the next step depends on to one file. */
export async function writeCheckpoint(file: string, policy: Policy, state: TrainerState): Promise<void> {
  const { step, tokens, moments, ema, reference, source, best, pendingRecord } = state;
  const named = (prefix: string, parameters: Parameters = new Map()) =>
    [...parameters].map(([name, values]) => [`${prefix}${name}`, values] as const);
  const sets = [ema, reference, best?.parameters, source].flatMap((parameters, i) => named(others[i]!, parameters));
  const tensors = [...(await policy.parameters()), ...(moments as Parameters), ...sets];
  await writeSafetensors(file, tensors, {
    step: `${step}`,
    tokens: `${tokens}`,
    ...(best && { best: JSON.stringify({ value: best.value, step: best.step, since: best.since }) }),
    ...(pendingRecord && { pendingRecord: JSON.stringify(pendingRecord) }),
  });
}

/** Reads a file of {@link writeCheckpoint}. */
export async function readCheckpoint(
  file: string,
): Promise<{ readonly state: TrainerState; readonly parameters: Parameters }> {
  const { tensors, metadata } = await readSafetensors(file);
  const isKept = (name: string) => ["adam.", "loss.", "head."].some((prefix) => name.startsWith(prefix));
  const isOther = (name: string) => others.some((prefix) => name.startsWith(prefix));
  const [ema, reference, best, source] = others.map((prefix) => {
    const own = [...tensors].filter(([name]) => name.startsWith(prefix));
    return own.length === 0 ? undefined : new Map(own.map(([name, values]) => [name.slice(prefix.length), values]));
  });
  const state: TrainerState = {
    step: Number(metadata.step),
    tokens: Number(metadata.tokens),
    moments: new Map([...tensors].filter(([name]) => isKept(name))),
    ema,
    reference,
    source,
    best: best && { ...(JSON.parse(metadata.best!) as Pick<Best, "value" | "step" | "since">), parameters: best },
    pendingRecord:
      metadata.pendingRecord === undefined ? undefined : (JSON.parse(metadata.pendingRecord) as StepRecord),
  };
  return { state, parameters: new Map([...tensors].filter(([name]) => !isKept(name) && !isOther(name))) };
}
