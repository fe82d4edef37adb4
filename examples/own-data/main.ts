import { writeFile } from "node:fs/promises";
import { align, loadModel, loadPreferences, methods, plot, respond, train } from "sera-lab";

const { pairs } = await loadPreferences("pairs.jsonl");
const [heldOut, training] = [pairs.slice(-2), pairs.slice(0, -2)];

// A model from scratch, with a vocabulary of these texts. Give "org/name", a folder or a GGUF file for a pretrained one.
await using fresh = await loadModel("tiny", { pairs });
const taught = await train(fresh, training, methods.sft({ rounds: 20, learningRate: 2e-3 })({ seed: 1 }), { heldOut });
await using start = await taught.policy();

const run = await align(start, training, { beta: 0.5, epochs: 4, heldOut, maxNewTokens: 24, seed: 1 });
await using policy = await run.policy();
const answers = await respond(policy, heldOut.map(({ prompt }) => prompt), { temperature: 0, maxNewTokens: 24 });
console.log(answers.objects());
await writeFile("loss.svg", await plot.renderSvg(plot.loss(run)));

// `npm start -- me/polite` gives the model to the hub, privately; HF_TOKEN has to be set.
const [repository] = process.argv.slice(2);
if (repository !== undefined) console.log((await run.push(repository)).url);
