import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { InputError } from "../../../src/base/errors.js";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { initialLora } from "../../../src/model/parameters/lora/lora.js";
import type { Policy } from "../../../src/model/policy/policy.js";
import type { ServerResponse } from "node:http";
import { openRun } from "../../../src/run/open-run.js";
import { modelServer, type ModelServerSettings } from "../../../src/run/server/model-server.js";
import { emptyFolder } from "../../support/folder.js";
import { ServedModels, type Served, type ServerHabits } from "../../support/served-models.js";
import { tinyConfig, tinyPolicy } from "../../support/tiny-model.js";
import { resultsIn, tinyInput, tinySera } from "../../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

async function withAdapter(): Promise<Policy> {
  const lora = { rank: 2, alpha: 4, targets: ["q_proj"] };
  const base = await tinyPolicy(programs);
  const policy = await base.withAdapter(lora, initialLora(tinyConfig, lora, Random.seeded(5)));
  await base.free();
  return policy;
}

const served = async (test: TestContext, habits?: Partial<ServerHabits>) =>
  ServedModels.start(test, { tiny: await tinyPolicy(programs) }, habits);

const target = (server: ServedModels, own: Partial<ModelServerSettings> = {}) =>
  modelServer({ address: server.address, model: "tiny", ...own });

const opened = async (server: ServedModels, own: Partial<ModelServerSettings> = {}, start?: Policy) =>
  target(server, own).open(start ?? (await tinyPolicy(programs)), programs.memory, {});

const isProbe = ({ body }: Served) => typeof body?.prompt === "string" || body?.max_tokens === 1;
const limit = 6;
const prompt = Int32Array.from([5, 6, 7]);

/** Samples one response from a server after changing its answers to sampling requests. */
async function samples(
  server: ServedModels,
  change: (choice: any, body: any, asked: Served) => unknown,
  executor?: Awaited<ReturnType<typeof opened>>,
) {
  const to = executor ?? (await opened(server));
  server.changeAnswers((asked, body) => {
    if (asked.path !== "/v1/completions") return body;
    return change(body.choices?.[0], body, asked) ?? body;
  });
  const options = { maxNewTokens: limit, logProbs: true };
  const requests = [{ key: "a", prompt, responses: 1 }];
  for await (const [generation] of to.samples({ folder: "" }, requests, Random.seeded(1), options)) return generation!;
  throw new Error("nothing");
}

const refuses = (work: Promise<unknown>, message: RegExp) =>
  assert.rejects(work, (error: Error) => {
    assert.match(error.message, message);
    return error instanceof InputError;
  });

describe("responses from a server", () => {
  const stop = async () => (await tinyPolicy(programs)).tokenizer.stopIds[0]!;

  it("are refused if a token id is outside the policy's vocabulary or not a number", async (test) => {
    const server = await served(test);
    const executor = await opened(server);
    for (const id of [tinyConfig.vocabSize, -1, 1.5, 2 ** 40]) {
      const expected = new RegExp(`wrote token ${id}, and the policy's are 0 to ${tinyConfig.vocabSize - 1}`);
      await refuses(
        samples(server, (choice) => void (choice.token_ids[0] = id), executor),
        expected,
      );
      const asLlama = (choice: any) => {
        choice.token_ids = undefined;
        choice.logprobs = { content: [{ id, logprob: -1 }] };
      };
      await refuses(samples(server, asLlama, executor), expected);
      // Also if some are missing, in which case the text would be read instead.
      const short = (choice: any, body: any) => {
        asLlama(choice);
        body.usage.completion_tokens = 5;
      };
      await refuses(samples(server, short, executor), expected);
    }
    await refuses(
      samples(server, (choice) => void (choice.token_ids[0] = "7"), executor),
      /200 and an unexpected response format: choices\.0\.token_ids\.0/,
    );
  });

  it("end at the stop token or the length limit, whatever else the server sends", async (test) => {
    const server = await served(test);
    const executor = await opened(server);
    const end = await stop();
    const gives = async (ids: number[] | undefined, finish: unknown, text = "abc", written?: number) => {
      const { tokens, complete } = await samples(
        server,
        (choice, body) => {
          Object.assign(choice, { token_ids: ids, finish_reason: finish, text, logprobs: null });
          body.usage = written === undefined ? undefined : { prompt_tokens: 3, completion_tokens: written };
        },
        executor,
      );
      return [[...tokens], complete];
    };
    assert.deepEqual(await gives([9, end, 8, 8], "length"), [[9, end], true]);
    assert.deepEqual(await gives([9, 8, 7, 6, 5, 4, 3, 9], "stop"), [[9, 8, 7, 6, 5, 4], false]);
    // No room for the stop token.
    assert.deepEqual(await gives([9, 8, 7, 6, 5, 4], "stop"), [[9, 8, 7, 6, 5, 4], false]);
    assert.deepEqual(await gives([9, 8], "stop"), [[9, 8, end], true]);
    assert.deepEqual(await gives([], "stop", "", 1), [[end], true]);
    for (const finish of ["abort", "content_filter", null, undefined])
      assert.deepEqual(await gives([9, 8], finish), [[9, 8], false], String(finish));
    const { tokenizer } = await tinyPolicy(programs);
    const read = tokenizer.encode("abc");
    // Missing ids do not make a response empty, and a stop id among incomplete ids does not end it.
    assert.deepEqual(await gives([], "stop"), [[...read, end], true]);
    assert.deepEqual(await gives([9, end], "stop", "abc", 3), [[...read, end], true]);
    assert.deepEqual(await gives(undefined, "length", "abcdefghijkl"), [
      tokenizer.encode("abcdefghijkl").slice(0, limit),
      false,
    ]);
    await refuses(gives([], "length", ""), /the server wrote nothing/);
  });

  it("have a log-probability only if each of their tokens has a valid one", async (test) => {
    const server = await served(test);
    const executor = await opened(server, { adapters: emptyFolder(test), score: true }, await withAdapter());
    const end = await stop();
    const sum = async (values: unknown, ids = [9, 8, end]) => {
      // The model is the start, which has no name until it is loaded.
      server.changeAnswers((asked, body) => {
        if (asked.path !== "/v1/completions" || isProbe(asked)) return body;
        return {
          choices: [{ text: "x", finish_reason: "stop", token_ids: ids, logprobs: { token_logprobs: values } }],
        };
      });
      const requests = [{ key: "a", prompt, responses: 1 }];
      const options = { maxNewTokens: limit, logProbs: true };
      for await (const [written] of executor.samples("start", requests, Random.seeded(1), options))
        return written!.logProb;
      return "nothing";
    };
    assert.equal(await sum([-1, -2, -3]), -6);
    assert.equal(await sum([-1, 1e-7, -3]), -4);
    assert.equal(await sum([-1, -2, -3, -4], [9, 8, end, 7]), -6);
    for (const bad of [[-1, null, -3], [-1, 2, -3], [-1, -2], ["a", "b", "c"], [-1, -2, "NaN"], null])
      assert.equal(await sum(bad), undefined, JSON.stringify(bad));
  });

  it("are refused for scoring if a log-probability is missing, null or above 0", async (test) => {
    const server = await served(test);
    const executor = await opened(server, { adapters: emptyFolder(test), score: true }, await withAdapter());
    const model = { folder: emptyFolder(test) };
    const adapters = server.of("load_lora_adapter")[0]!.body.lora_path;
    for (const file of readdirSync(adapters))
      writeFileSync(join(model.folder, file), readFileSync(join(adapters, file)));
    const scored = (values: unknown[]) => {
      server.changeAnswers((asked, body) => {
        if (asked.path === "/v1/completions") body.choices[0].logprobs.token_logprobs = values;
        return body;
      });
      return executor.logProbs(model, [{ prompt, response: Int32Array.from([8, 9]) }]);
    };
    assert.deepEqual([...(await scored([null, -1, -1, -2, -3, -9]))], [-5]);
    for (const bad of [
      [null, -1, -1, -2],
      [null, -1, -1, null, -3],
      [null, -1, -1, 0.5, -3],
    ])
      await refuses(scored(bad), /gave no log-probabilities of sequence 1/);
  });
});

describe("a server that fails", () => {
  const ask = (server: ServedModels, own: Partial<ModelServerSettings> = {}) =>
    modelServer({ address: server.address, ...own }).answer("hi", {
      ...{ temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
      ...{ maxNewTokens: 4, seed: 1 },
    });

  it("is reported with what it sent, without a retry if the failure is permanent", async (test) => {
    const sent =
      (status: number, text: string, headers = {}) =>
      (response: ServerResponse) =>
        void response.writeHead(status, headers).end(text);
    const faults: [ReturnType<typeof sent>, RegExp][] = [
      [
        sent(200, "<html>welcome</html>"),
        /returned 200 and a body that is not JSON: "<html>welcome.*\/models.*ends in \/v1/,
      ],
      [sent(404, "Not Found"), /returned 404 Not Found; asked for "http:.*\/models".*ends in \/v1/],
      [sent(200, '{"data":[{"id":7}]}'), /unexpected response format: data\.0\.id/],
      [sent(200, '{"data":null}'), /unexpected response format: data/],
      [sent(200, "null"), /unexpected response format/],
      [sent(200, '{"error":{"message":"out of credit","code":402}}'), /200 with an error: out of credit/],
      [sent(200, '{"error":"no such thing"}'), /200 with an error: no such thing/],
      [sent(200, "x".repeat(17e6)), /sent what cannot be an answer \(a response of more than 16 MB\)/],
      [sent(429, "{}", { "retry-after": "3600" }), /429.*retry after 3600 s/],
      [
        sent(302, "", { location: "http://me:pw@other.example/v1/models" }),
        /^(?!.*pw).*redirects to "http:\/\/…@other/,
      ],
    ];
    for (const [fault, message] of faults) {
      const server = await served(test);
      server.failNext(fault);
      await refuses(ask(server), message);
      assert.equal(server.asked.length, 1, String(message));
    }
  });

  it("is asked again after a transient failure", async (test) => {
    const server = await served(test);
    server.failNext((response) => void response.writeHead(429, { "retry-after": "0" }).end("{}"));
    server.failNext(
      (response) => void response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy()),
    );
    server.failNext((response) => void response.end('{"error":{"message":"overloaded","code":503}}'));
    await ask(server);
    assert.equal(server.of("models").length, 4);
  });

  it("causes no leak of the API key to another host or into an error message", async (test) => {
    const [server, other] = [await served(test), await served(test)];
    process.env["KEY_OF_TEST"] = "secret-of-mine";
    test.after(() => delete process.env["KEY_OF_TEST"]);
    const own = { keyVariable: "KEY_OF_TEST" };
    const texts = ["no key secret-of-mine", `{"error":{"odd":"${"x".repeat(180)}secret-of-mine"}}`];
    for (const status of [401, 200]) {
      for (const text of texts) {
        server.failNext((response) => void response.writeHead(status).end(text));
        await refuses(ask(server, own), /^(?!.*secret)/);
      }
    }
    const location = `${other.address}/models?key=secret-of-mine`;
    server.failNext((response) => void response.writeHead(307, { location }).end());
    await refuses(ask(server, own), /^(?!.*secret).*redirects to/);
    assert.deepEqual(other.asked, []);
    process.env["KEY_OF_TEST"] = "a key\u2013of words";
    await refuses(
      ask(server, own),
      /^(?!.*words)KEY_OF_TEST: not an API key \(it contains spaces or special characters\)/,
    );
  });

  it("is reported with only ten of its many models", async (test) => {
    const server = await served(test);
    server.changeAnswers(() => ({ data: Array.from({ length: 10_000 }, (_, i) => ({ id: `m${i}` })) }));
    await refuses(ask(server), /serves "m0", .*"m9" and 9990 more; name one of them in `model`$/);
  });

  it("gets no further requests after a response has failed", async (test) => {
    const server = await served(test);
    const executor = await opened(server, { concurrency: 1 });
    const before = server.asked.length;
    server.failNext((response) => void response.writeHead(400).end('{"error":{"message":"too long"}}'));
    const requests = [{ key: "a", prompt, responses: 20 }];
    const all = executor.samples({ folder: "" }, requests, Random.seeded(1), { maxNewTokens: 2 });
    await refuses(all.next(), /400 too long/);
    assert.equal(server.asked.length, before + 1);
  });
});

describe("the probes of a server before a run", () => {
  it("are repeated if the server is temporarily unavailable, instead of counting as refused", async (test) => {
    const server = await served(test);
    let away = true;
    server.changeAnswers((asked, body) => {
      if (asked.path === "/v1/completions" && away) {
        away = false;
        server.failNext((response) => void response.writeHead(503, { "retry-after": "0" }).end("{}"));
      }
      return body;
    });
    await opened(server);
    assert.equal(server.of("completions").length, 3);
  });

  it("refuse a server that does not count the tokens of prompts", async (test) => {
    const server = await served(test);
    for (const usage of [undefined, { prompt_tokens: -1, completion_tokens: 1 }]) {
      server.changeAnswers((_, body) => ({ ...body, usage }));
      await refuses(opened(server), /does not count the tokens of prompts/);
    }
  });

  it("load adapters by the absolute path of their folder, which must be writable and visible to the server", async (test) => {
    const server = await served(test);
    const adapters = emptyFolder(test);
    await opened(server, { adapters: relative(process.cwd(), adapters) }, await withAdapter());
    assert.ok(server.of("load_lora_adapter")[0]!.body.lora_path.startsWith(`${adapters}/models/`));
    await opened(server, { adapters }, await withAdapter());
    await refuses(
      opened(await served(test), { adapters, serverAdapters: "/already/elsewhere" }, await withAdapter()),
      /it has to see "\/already\/elsewhere\/models\/[0-9a-f]+" \(`serverAdapters` says/,
    );
    writeFileSync(join(adapters, "file"), "");
    await refuses(
      opened(server, { adapters: join(adapters, "file") }, await withAdapter()),
      /adapters: cannot write into ".*file" \(E/,
    );
    const side = join(adapters, "side");
    mkdirSync(side);
    const two = [await withAdapter(), await withAdapter()];
    await Promise.all(two.map((start) => opened(server, { adapters: side }, start)));
    assert.equal(readdirSync(join(side, "models")).length, 1);
  });
});

describe("a run interrupted while a server generates", () => {
  it("resumes with the same bytes and requests no finished batch again", async (test) => {
    const server = await served(test);
    const start = async (folder: string, signal?: AbortSignal) =>
      openRun(
        tinySera({ rounds: 2, samplingBatchSize: 4 }),
        await tinyInput(programs, { on: target(server) }),
        { folder },
        signal && { signal },
      );
    const whole = emptyFolder(test);
    await start(whole);
    const requests = server.of("completions").length;
    const folder = emptyFolder(test);
    const abort = new AbortController();
    let written = 0;
    server.changeAnswers((asked, body) => {
      if (asked.path === "/v1/completions" && !isProbe(asked) && ++written === 10) abort.abort(new Error("enough"));
      return body;
    });
    await assert.rejects(start(folder, abort.signal), /enough/);
    const before = server.of("completions").length;
    await start(folder);
    // Two batches of four were complete.
    assert.equal(server.of("completions").length - before, requests - 8);
    assert.deepEqual(resultsIn(folder), resultsIn(whole));
  });
});
