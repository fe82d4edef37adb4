export { bmc } from "./bmc.js";
export { curryDpo } from "./curry-dpo.js";
export { direct, sft } from "./direct.js";
export { rewardAugmented } from "./reward-augmented.js";
export { dice, iterativeDpo, sera } from "./self-improving.js";
export { spa } from "./spa.js";
export { spin } from "./spin.js";
