import { compare, loadModel, loadPreferences, methods, world } from "sera-lab";
import { hardestFirst, offsetDpo } from "./method.js";

const { pairs } = await loadPreferences(world.train, { limit: 32 });
const { pairs: heldOut } = await loadPreferences(world.heldOut, { limit: 8 });
await using start = await loadModel(world.sft);

const result = await compare(
  start,
  pairs,
  { DPO: methods.direct(), offset: methods.direct({ loss: offsetDpo(0.5, 0.5) }), "hardest first": hardestFirst() },
  { beta: 0.5, rounds: 2, heldOut, maxNewTokens: 24, seeds: [1, 2] },
);
console.log(String(result));
