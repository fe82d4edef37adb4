export { aihf } from "./aihf.js";
export { bmc } from "./bmc.js";
export { curryDpo } from "./curry-dpo.js";
export { direct, sft } from "./direct.js";
export { irepo } from "./irepo.js";
export { rewardAugmented } from "./reward-augmented.js";
export { dice, iterativeDpo, sera } from "./self-improving.js";
export { spo } from "./spo.js";
export { spin } from "./spin.js";
