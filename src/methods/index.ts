export { curryDpo } from "./curry-dpo.js";
export { direct, sft } from "./direct.js";
export { dice, iterativeDpo, sera } from "./self-improving.js";
export { spa } from "./spa.js";
export { spin } from "./spin.js";
