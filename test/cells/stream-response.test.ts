import assert from "node:assert/strict";
import { after, it } from "node:test";
import { respond } from "../../src/cells/respond.js";
import { streamResponse } from "../../src/cells/stream-response.js";
import { world } from "../../src/data/index.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { Policy } from "../../src/model/policy/policy.js";
import { offerHost } from "../../src/notebook/host.js";
import { listeningHost } from "../notebook/listening-host.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());
const policy = await Policy.load(new ProgramCache(engine), world.sft);
const prompt = "cook a soup with rice and beans . use three steps . be polite .";

it("streamResponse shows the same response as respond, below its prompt", async () => {
  const shown = listeningHost();
  const options = { temperature: 0.7, seed: 3, maxNewTokens: 60 };
  const answer = await streamResponse(policy, prompt, options);
  const texts = shown.map(({ bundle }) => bundle["text/plain"] as string);
  assert.match(texts[0]!, /^prompt: cook a soup .*\nresponse · tokens 1: \S+▌$/);
  const [expected] = (await respond(policy, [prompt], options)).objects() as { response: string; tokens: number }[];
  assert.equal(answer, expected!.response);
  assert.ok(answer.split(" ").length > 8, answer);
  assert.equal(texts.at(-1), `prompt: ${prompt}\nresponse · tokens ${expected!.tokens}: ${answer}`);
});

it("streamResponse leaves the partial response when the cell is interrupted", async () => {
  const abort = new AbortController();
  const texts: string[] = [];
  offerHost({
    signal: abort.signal,
    show(bundle) {
      texts.push(bundle["text/plain"] as string);
      abort.abort(new Error("interrupted"));
    },
  });
  await assert.rejects(streamResponse(policy, prompt), /interrupted/);
  assert.equal(texts.length, 2);
  assert.match(texts[1]!, /\nresponse · tokens 1: \S+$/);
  assert.equal(`${texts[1]}▌`, texts[0]);
});

it("streamResponse shows nothing if an option is invalid", async () => {
  const shown = listeningHost();
  await assert.rejects(
    streamResponse(policy, prompt, { temperature: -1 }),
    /temperature is a finite number of at least 0, got -1/,
  );
  assert.deepEqual(shown, []);
});

it("respond and streamResponse note, once, that the tokenizer does not know much of the prompts", async () => {
  const shown = listeningHost();
  const options = { maxNewTokens: 2 };
  const notes = () =>
    shown.map(({ bundle }) => `${bundle["text/plain"] as string}`).filter((text) => /unknown/.test(text));
  await respond(policy, [prompt], options);
  await streamResponse(policy, prompt, options);
  assert.deepEqual(notes(), []);
  await respond(policy, [prompt, "Who are you ?", "And who am I ?"], options);
  await streamResponse(policy, "Who are you ?", options);
  const same = "the model reads each as the same unknown token";
  assert.deepEqual(notes(), [
    `respond: the tokenizer's vocabulary lacks a tenth or more of the tokens of 2 of 3 prompts; ${same}`,
    `streamResponse: the tokenizer's vocabulary lacks 2 of the prompt's 5 tokens; ${same}`,
  ]);
});
