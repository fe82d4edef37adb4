import { losses, type PreferenceLoss } from "sera-lab";
import { logSigmoid, mul, neg, sub } from "sera-lab/graph";

/** DPO with an offset (ODPO, arXiv 2402.10571): −log σ(β(ρ_w − ρ_l) − offset). */
export const offsetDpo = (beta: number, offset: number): PreferenceLoss => ({
  name: "offset-dpo",
  version: "1",
  beta,
  settings: { offset },
  reward: losses.dpo({ beta }).reward,
  perPair({ policyChosen, policyRejected, referenceChosen, referenceRejected }) {
    const margin = sub(sub(policyChosen, referenceChosen), sub(policyRejected, referenceRejected));
    return neg(logSigmoid(sub(mul(margin, beta), offset)));
  },
});
