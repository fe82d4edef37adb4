import { readFileSync } from "node:fs";
import { lossNamed, type LossChoice, type LossSettings } from "../../src/align/losses/index.js";
import { preference, type ReferencedPair } from "../../src/align/preference.js";
import type { Engine } from "../../src/engine/engine.js";
import { gradients, type Value } from "../../src/graph/index.js";
import { objectiveCase } from "./objective-case.js";

/** The tokens of a response in a fixture. */
interface Side {
  readonly policy: readonly number[];
  readonly reference: readonly number[];
  readonly differs: readonly number[];
}

/** A step of a loss of single tokens or of columns, as Python computed it; see `test/fixtures/systems/make.py`. */
export interface SystemFixture {
  readonly loss: LossChoice;
  readonly settings: LossSettings;
  readonly pairs: readonly {
    readonly chosen: Side;
    readonly rejected: Side;
    readonly columns: Readonly<Record<string, number>>;
  }[];
  readonly value: number;
  readonly gradients: readonly number[];
}

/** The steps of the losses with the given names. */
export function systemFixtures(...names: readonly string[]): readonly SystemFixture[] {
  const { cases } = JSON.parse(readFileSync("test/fixtures/systems/systems.json", "utf8")) as {
    cases: SystemFixture[];
  };
  return cases.filter(({ loss }) => names.includes(loss as string));
}

/** A fixture's pairs, and its log-probabilities under the policy, token by token. */
export function pairsOf({ pairs }: SystemFixture): {
  readonly pairs: ReferencedPair[];
  readonly policy: readonly number[];
} {
  const sequence = ({ policy }: Side) => ({ prompt: new Int32Array(1), response: new Int32Array(policy.length) });
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    policy: pairs.flatMap(({ chosen, rejected }) => [...chosen.policy, ...rejected.policy]),
    pairs: pairs.map(({ chosen, rejected, columns }) => ({
      ...{ chosen: sequence(chosen), rejected: sequence(rejected), columns },
      ...{ referenceChosen: sum(chosen.reference), referenceRejected: sum(rejected.reference) },
      tokens: {
        chosen: { reference: chosen.reference, differs: chosen.differs },
        rejected: { reference: rejected.reference, differs: rejected.differs },
      },
    })),
  };
}

/** Computes a fixture's value and gradients on an engine, in float32. */
export async function systemOn(
  engine: Engine,
  fixture: SystemFixture,
  padding = { slots: 0, tokens: 0 },
): Promise<{ readonly value: number; readonly gradients: number[] }> {
  const { pairs, policy } = pairsOf(fixture);
  const { loss, tokenLogProbs, feeds, tokens } = objectiveCase(
    preference(lossNamed(fixture.loss, fixture.settings)),
    pairs,
    { padding },
  );
  const [slopes] = gradients(loss, [tokenLogProbs]) as [Value];
  const executable = await engine.prepare({ outputs: { loss, slopes }, updates: new Map() });
  const fed = { ...feeds, tokenLogProbs: [...policy, ...new Array<number>(tokens - policy.length).fill(0)] };
  const typed = Object.entries(fed).map(([name, values]) => [
    name,
    name === "response" ? Int32Array.from(values) : Float32Array.from(values),
  ]);
  const found = await executable.run(Object.fromEntries(typed), []);
  await executable.release();
  return { value: found.loss!.data[0]!, gradients: [...found.slopes!.data.subarray(0, policy.length)] };
}
