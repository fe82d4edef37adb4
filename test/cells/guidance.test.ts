import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { contextTokens, linearAlignment, logitGuidance, type Guidance } from "../../src/cells/guidance.js";
import { respond, type RespondOptions } from "../../src/cells/respond.js";
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

  it("answers greedily unless a temperature is given, in a table and when streamed", async () => {
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
      name: "InputError",
      message:
        /^the prompt "hi" with the principle "x+…" has \d+ tokens, which leave no room for a response in a context of 48; shorten it/,
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

  it("names the user's `without` if it is not a function, throws, or does not return a prompt", async () => {
    const answer = (without: unknown) =>
      respond(policy, ["hi"], { guidance: linearAlignment({ without: without as (prompt: Prompt) => Prompt }) });
    assert.throws(() => linearAlignment({ without: "x" as unknown as () => Prompt }), {
      name: "InputError",
      message: /^without: found "x", expected a function from a prompt/,
    });
    for (const [given, found] of [
      [undefined, "undefined"],
      [3, "3"],
      [Promise.resolve("hi"), "a promise"],
      [[{ role: "user" }], '[{"role":"user"}]'],
    ] as const) {
      await assert.rejects(
        answer(() => given),
        {
          name: "InputError",
          message: `without: your function returned ${found} for the prompt "hi"; it must return a prompt, a text or a list of messages`,
        },
      );
    }
    const failing = () => {
      throw new TypeError("no");
    };
    await assert.rejects(answer(failing), {
      name: "InputError",
      message: 'without: your function, of the prompt "hi", threw TypeError: no',
    });
    const { combine } = guidance;
    await assert.rejects(respond(policy, ["hi"], { guidance: { contexts: [{}, { prompt: failing }], combine } }), {
      message: 'guidance: the function `prompt` of context 2, of the prompt "hi", threw TypeError: no',
    });
  });

  it("returns an empty table for no prompts", async () => {
    const answers = await respond(policy, [], { guidance });
    assert.deepEqual([answers.numRows(), answers.columnNames()], [0, ["prompt", "response", "tokens"]]);
  });

  it("refuses malformed contexts and unknown options", async () => {
    const refuses = (contexts: unknown, message: RegExp) =>
      assert.rejects(
        respond(policy, ["hi"], { guidance: { contexts, combine: guidance.combine } as unknown as Guidance }),
        { name: "InputError", message },
      );
    await refuses([{}, null], /^the options of context 2 of the guidance: found null/);
    await refuses([{}, { model: {} }], /^context 2 of the guidance: `model` is {}, expected a model of this machine/);
    await refuses([{}, { prompt: "x" }], /^context 2 of the guidance: `prompt` is "x", expected a function/);
    await refuses(
      [{}, { promt: () => "" }],
      /^`promt` is not an option of context 2 of the guidance; did you mean `prompt`/,
    );
    const options = (given: unknown, message: RegExp) =>
      assert.throws(() => linearAlignment(given as object), { name: "InputError", message });
    options(undefined, /^linear alignment: give either `principle`/);
    options(null, /^the options of linearAlignment: found null/);
    options({ principle: "a", ratoi: 3 }, /^`ratoi` is not an option of linearAlignment; did you mean `ratio`/);
    for (const ratio of ["3", 1e39, 1e308, -1, NaN])
      options({ principle: "a", ratio }, /^ratio: found .*, expected a number in \[0, 1000\]/);
    options({ principle: "a", maskTopP: "1" }, /^maskTopP: found "1"/);
    options({ principle: "a", maskTemperature: "1" }, /^maskTemperature: found "1"/);
  });
});

describe("respond and streamResponse", () => {
  const refuses = async (options: object, message: RegExp | string) => {
    await assert.rejects(respond(policy, ["hi"], options), { name: "InputError", message });
  };

  it("refuse an option by name if it is unknown or out of range", async () => {
    await refuses({ tempreature: 1 }, /^`tempreature` is not an option of respond; did you mean `temperature`/);
    await refuses({ seed: NaN }, /^seed: found NaN, expected a whole number from 0/);
    for (const responses of [0, 1.5, "2"])
      await refuses({ responses }, /^responses: found .*, expected a whole number from 1/);
    await assert.rejects(respond(policy, ["hi"], null as unknown as object), {
      message: /^the options of respond: found null/,
    });
    await assert.rejects(streamResponse(policy, "hi", { responses: 2 } as object), {
      message: /^`responses` is not an option of streamResponse/,
    });
  });

  it("refuse an invalid model, prompts or stop tokens", async () => {
    const refusesPrompts = async (prompts: unknown, message: RegExp) =>
      assert.rejects(respond(policy, prompts as string[]), { name: "InputError", message });
    await refusesPrompts("hi", /^prompts: found "hi", expected a list, each a text or a list of messages/);
    await refusesPrompts(["hi", { prompt: "hi", chosen: "a" }], /^prompt 2: found .*, expected a text or a list/);
    await refusesPrompts({ prompts: [{ id: "a", prompt: "hi" }] }, /^prompts: found an object, .* its \.prompts$/);
    await refusesPrompts(
      [{ id: "a", prompt: "hi" }],
      /^prompt 1: found .*; of rows \{id, prompt\}, pass rows\.map\(\(\{ prompt \}\) => prompt\)$/,
    );
    for (const prompt of [5, ["a"], [{ content: "no role" }], [{ role: "user" }]])
      await refusesPrompts([prompt], /^prompt 1: found/);
    await assert.rejects(streamResponse(policy, 5 as unknown as string), { message: /^prompt 1: found 5/ });
    await assert.rejects(respond("a path" as unknown as Policy, ["hi"]), {
      name: "InputError",
      message: /^respond: found "a path", expected a model, as loadModel returns it/,
    });
    for (const stopTokens of [["."], "x", [-5], 3])
      await assert.rejects(respond(policy, ["hi"], { stopTokens } as unknown as RespondOptions), {
        message: /^stopTokens is a list of token ids, got/,
      });
  });

  it("name `combine` if it throws or does not return a list of valid logits", async () => {
    const refusesLogits = (combine: unknown, message: RegExp) =>
      refuses({ guidance: { contexts: [{}, {}], combine } }, message);
    await refusesLogits(
      () => undefined,
      /^guidance: `combine` returned undefined; it must return a Float32Array of \d+ logits/,
    );
    await refusesLogits(async () => new Float32Array(1), /^guidance: `combine` returned a promise/);
    await refusesLogits(
      ([one]: Float32Array[]) => one!.slice(1),
      /^guidance: `combine` returned \d+ logits; it must return one for each/,
    );
    await refusesLogits(
      ([one]: Float32Array[]) => one!.map(() => NaN),
      /^guidance: `combine` gave the token 0 the logit NaN/,
    );
    await refusesLogits(([one]: Float32Array[]) => one!.map(() => Infinity), /the logit Infinity/);
    await refusesLogits(
      ([one]: Float32Array[]) => one!.map(() => -Infinity),
      /^guidance: `combine` ruled every token out/,
    );
    await refusesLogits(() => {
      throw new TypeError("no");
    }, /^guidance: `combine` threw TypeError: no/);
  });
});
