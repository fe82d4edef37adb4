import { defineMethod, losses, type PreferenceLoss } from "sera-lab";
import { logSigmoid, mul, neg, sub } from "sera-lab/graph";

/** DPO with an offset: −log σ(β(ρ_w − ρ_l − offset)), so that chosen responses have to win by more than nothing. */
export const offsetDpo = (beta: number, offset: number): PreferenceLoss => ({
  name: "offset-dpo",
  version: "1",
  beta,
  settings: { offset },
  reward: losses.dpo({ beta }).reward,
  perPair({ policyChosen, policyRejected, referenceChosen, referenceRejected }) {
    const margin = sub(sub(policyChosen, referenceChosen), sub(policyRejected, referenceRejected));
    return neg(logSigmoid(mul(sub(margin, offset), beta)));
  },
});

/** The pairs in the order of how wrong the start is about them: the worst first, by themselves, then all. */
export const hardestFirst = defineMethod({
  name: "hardest-first",
  version: "1",
  options: { share: 0.5 },
  budget: () => ({ iterations: 2, epochs: 1 }),
  async run(stages, { share }) {
    const pairs = await stages.offlinePairs();
    const wrong = ({ reference }: (typeof pairs)[number]) => reference!.rejected - reference!.chosen;
    const hardest = [...pairs].sort((a, b) => wrong(b) - wrong(a)).slice(0, Math.round(share * pairs.length));
    const trainedOn = (count: number) => ({ pairsSelected: count, pairsBootstrapped: 0, bootstrap: null });
    await stages.align(1, hardest, trainedOn(hardest.length));
    await stages.align(2, pairs, trainedOn(pairs.length));
  },
});
