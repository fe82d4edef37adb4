import { writeFile } from "node:fs/promises";
import { align, comparison, loadModel, loadPreferences, plot, sera, tensorBoard, world } from "sera-lab";

const { pairs } = await loadPreferences(world.train, { limit: 32 });
const { pairs: heldOut } = await loadPreferences(world.heldOut, { limit: 8 });
await using start = await loadModel(world.sft);

// Everything is kept in runs/: called again, this program reads what is done. `tensorboard --logdir logs` shows the steps.
const shared = { beta: 0.5, heldOut, maxNewTokens: 24, seed: 1, track: tensorBoard("logs") };
const dpo = await align(start, pairs, { ...shared, epochs: 2 });
const run = await sera(start, pairs, { ...shared, iterations: 2, responses: 2 });

console.log(comparison({ DPO: dpo, SeRA: run }).objects());
await writeFile("margins.svg", await plot.renderSvg(plot.margins(run)));
console.log("margins.svg");
