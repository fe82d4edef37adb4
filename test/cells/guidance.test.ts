import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { contextTokens, linearAlignment, logitGuidance, type Guidance } from "../../src/cells/guidance.js";
import { respond } from "../../src/cells/respond.js";
import { streamResponse } from "../../src/cells/stream-response.js";
import type { Prompt } from "../../src/data/pair.js";
import { encodePrompt } from "../../src/data/tokenize.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import type { Policy } from "../../src/model/policy/policy.js";
import { offerHost } from "../../src/notebook/host.js";
import { tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
let policy: Policy;
before(async () => {
  policy = await tinyPolicy(new ProgramCache(engine));
});
after(() => engine.close());
offerHost({ signal: new AbortController().signal, show() {} });

const texts = (guidance: Guidance, prompt: Prompt) =>
  guidance.contexts.map(({ prompt: own = (same: Prompt) => same }) => own(prompt));

describe("linear alignment in a cell", () => {
  const guidance = linearAlignment({ principle: "be kind", ratio: 3 });

  it("puts the principle before a text, and into the system message of a conversation", () => {
    const user = { role: "user", content: "hi" } as const;
    const system = { role: "system", content: "be brief" } as const;
    assert.deepEqual(texts(guidance, "hi"), ["be kind\n\nhi", "hi"]);
    assert.deepEqual(texts(guidance, [user]), [[{ role: "system", content: "be kind" }, user], [user]]);
    assert.deepEqual(texts(guidance, [system, user])[0], [{ role: "system", content: "be kind\n\nbe brief" }, user]);
    assert.deepEqual(texts(linearAlignment({ without: () => "h" }), "hi"), ["hi", "h"]);
  });

  it("answers greedily unless it is told a temperature, in a table and while it is written", async () => {
    const answer = async (options: object) =>
      (await respond(policy, ["hi", "you"], { guidance, maxNewTokens: 8, ...options })).array("response") as string[];
    const greedy = await answer({});
    assert.deepEqual(await answer({ temperature: 0, seed: 5 }), greedy);
    assert.notDeepEqual(await answer({ temperature: 5 }), greedy);
    assert.notDeepEqual(
      await answer({ guidance: linearAlignment({ principle: "be kind", ratio: 0, maskTopP: 1 }) }),
      greedy,
    );
    const alone = (await respond(policy, ["be kind\n\nhi"], { temperature: 0, maxNewTokens: 8 })).array(
      "response",
    ) as string[];
    assert.deepEqual(
      (await answer({ guidance: linearAlignment({ principle: "be kind", ratio: 0 }) })).slice(0, 1),
      alone,
    );
    assert.equal(await streamResponse(policy, "hi", { guidance, maxNewTokens: 8 }), greedy[0]);
  });

  it("reads each context with its model", () => {
    const { prompt, others } = contextTokens(policy, "hi", guidance);
    assert.deepEqual([...prompt], encodePrompt("be kind\n\nhi", policy.tokenizer));
    assert.deepEqual(
      others!.map((tokens) => [...tokens]),
      [encodePrompt("hi", policy.tokenizer)],
    );
    assert.deepEqual(logitGuidance(policy, guidance).models, [policy]);
  });

  it("refuses an empty principle, one that does not fit the context, and malformed contexts", async () => {
    const refuses = (options: object, message: RegExp) =>
      assert.throws(() => linearAlignment(options), { name: "InputError", message });
    refuses({}, /^linear alignment: give either `principle`/);
    refuses({ principle: "a", without: () => "" }, /^linear alignment: give either `principle`/);
    refuses({ principle: " " }, /^principle: found " ", expected a text/);
    const long = linearAlignment({ principle: "x".repeat(60) });
    await assert.rejects(respond(policy, ["hi"], { guidance: long }), {
      name: "RangeError",
      message: /^the prompt of "0" has \d+ tokens, the context is 48/,
    });
    const combine = guidance.combine;
    await assert.rejects(respond(policy, ["hi"], { guidance: { contexts: [{}], combine } as unknown as Guidance }), {
      name: "InputError",
      message: /^guidance: found .*, expected \{ contexts: \[\{\}, \{ prompt \}\], combine \}/,
    });
    await assert.rejects(
      respond(policy, ["hi"], { guidance: { contexts: [{ model: policy }, {}], combine } as unknown as Guidance }),
      { message: /^guidance: the first context is of the model that answers/ },
    );
  });
});
