import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { inspect } from "node:util";
import { InputError } from "../../../src/base/errors.js";
import { judgeIdentity } from "../../../src/judge/identity.js";
import { gradeResponses, judgePairs } from "../../../src/judge/judge-rows.js";
import { llmJudge } from "../../../src/judge/llm/llm-judge.js";
import type { JudgeModel } from "../../../src/judge/llm/provider.js";
import type { LlmJudgeOptions } from "../../../src/judge/llm/settings.js";
import { emptyFolder } from "../../support/folder.js";
import { body, byNumber, cutBefore, cutWithin, hang, JudgeServer, refuse, say } from "../../support/judge-server.js";

const apis = ["anthropic", "openai"] as const;
const secret = "sk-very-secret-0123456789";

/** Sets a variable until the test ends. */
function setVariable(test: TestContext, name: string, value: string | undefined): void {
  const before = process.env[name];
  const set = (to: string | undefined) => (to === undefined ? delete process.env[name] : (process.env[name] = to));
  set(value);
  test.after(() => set(before));
}

async function judgeAt(
  test: TestContext,
  api: (typeof apis)[number],
  options: LlmJudgeOptions = {},
  model: Partial<JudgeModel> = {},
) {
  const server = await JudgeServer.start(test);
  const cache = emptyFolder(test);
  const make = (more: LlmJudgeOptions = {}) =>
    llmJudge({ ...server.model(api), ...model }, { cache, ...options, ...more });
  return { server, cache, make, judge: await make() };
}

const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `p${i}`,
    prompt: `question ${i}`,
    a: `answer ${2 * i}`,
    b: `answer ${9}`,
  }));
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
const contentsOf = (folder: string) => filesOf(folder).map((name) => readFileSync(join(folder, name), "utf8"));

for (const api of apis) {
  describe(`llmJudge, ${api}`, { concurrency: true }, () => {
    it("asks in both orders and returns the combined verdict", async (test) => {
      const { server, judge } = await judgeAt(test, api);
      assert.equal(judge.name, `${api}:judge-1`);
      assert.deepEqual(await judge.compare("which?", "answer 7", "answer 3"), {
        choice: "a",
        orders: ["a", "a"],
        reasons: ["7 and 3", "3 and 7"],
      });
      assert.equal((await judge.compare("which?", "answer 1", "answer 3")).choice, "b");
      assert.equal((await judge.compare("which?", "answer 3", "answer 03")).choice, "tie");
      assert.deepEqual(
        server.asked.map(({ path }) => path),
        new Array(6).fill(api === "anthropic" ? "/v1/messages" : "/v1/chat/completions"),
      );
      const { body: request, text } = server.asked[0]!;
      assert.deepEqual([request["model"], request["temperature"], request["max_tokens"]], ["judge-1", 0, 512]);
      assert.match(text, /<request>\nwhich\?\n<\/request>/);
      assert.deepEqual(judge.spent, { calls: 6, cached: 0, inputTokens: 600, outputTokens: 120, cost: undefined });
    });

    it("returns a tie if the position decides", async (test) => {
      const { server, judge } = await judgeAt(test, api);
      server.answer = () => '{"verdict": "A"}';
      assert.deepEqual(await judge.compare("which?", "x", "y"), {
        choice: "tie",
        orders: ["a", "b"],
        reasons: ["", ""],
      });
    });

    it("makes no request for identical responses", async (test) => {
      const { server, judge } = await judgeAt(test, api);
      assert.deepEqual(await judge.compare("which?", "x", "x"), {
        choice: "tie",
        orders: ["tie", "tie"],
        reasons: ["", ""],
      });
      assert.equal((await judge.plan!({ pairs: [{ prompt: "which?", a: "x", b: "x" }] })).calls, 0);
      assert.equal(server.asked.length, 0);
    });

    it("grades responses, also to conversations", async (test) => {
      const { server, judge } = await judgeAt(test, api, { temperature: null });
      assert.deepEqual(
        await judge.grade(
          [
            { role: "system", content: "be brief" },
            { role: "user", content: "well?" },
          ],
          "answer 8",
        ),
        { grade: 8, reason: "its number" },
      );
      assert.match(server.asked[0]!.text, /system: be brief\n\nuser: well\?/);
      assert.ok(!("temperature" in server.asked[0]!.body));
    });

    it("retries transient failures: rate limits, server errors, broken connections, malformed bodies", async (test) => {
      const { server, judge } = await judgeAt(test, api, { concurrency: 5, price: { input: 1, output: 1 } });
      const soon = { "retry-after": "0" };
      server.fail(
        refuse(429, soon),
        refuse(500, { "retry-after-ms": "5" }),
        refuse(529, soon),
        refuse(503, { "retry-after": new Date().toUTCString() }),
      );
      assert.equal((await judge.grade("q", "answer 4")).grade, 4);
      assert.equal(server.asked.length, 5);
      server.fail(cutBefore, cutWithin, body("<html>"), body("<html>", "text/html"), body('{"content": 3}'));
      const grades = await Promise.all([1, 2, 3, 4, 5].map((i) => judge.grade(`q${i}`, `answer ${i}`)));
      assert.deepEqual(
        grades.map(({ grade }) => grade),
        [1, 2, 3, 4, 5],
      );
      assert.deepEqual(judge.spent, { calls: 15, cached: 0, inputTokens: 600, outputTokens: 120, cost: 0.00072 });
    });

    it("gives up after `retries`, or at once if a retry is no use, and says why", async (test) => {
      const { server, make, judge } = await judgeAt(test, api, { retries: 2 });
      const soon = { "retry-after": "0" };
      server.fail(...new Array(3).fill(refuse(500, soon, "all is lost")));
      await assert.rejects(judge.grade("q", "a"), {
        message: /^(anthropic|openai):judge-1: 127\.0\.0\.1:\d+ returned 500 .*all is lost.* \(tried 3 times\)$/,
      });
      server.fail(refuse(400, {}, "temperature is not supported"));
      await assert.rejects(judge.grade("q", "a"), { message: /returned 400 .*temperature is not supported/ });
      server.fail(refuse(429, { "retry-after": "3600" }));
      await assert.rejects(judge.grade("q", "a"), { message: /returned 429 .*\(retry after 3600 s\)$/ });
      server.fail(hang, hang);
      const impatient = await make({ retries: 1, timeoutSeconds: 0.15 });
      await assert.rejects(impatient.grade("q", "a"), {
        message: /judge-1: no response within 0\.15 s \(tried 2 times\)$/,
      });
      assert.equal(server.asked.length, 7);
    });

    it("asks again after an invalid answer and says what was wrong", async (test) => {
      const { server, judge } = await judgeAt(test, api);
      server.fail(say("It is an eight, I would say."), say('{"reason": "good", "grade": 11}'));
      assert.equal((await judge.grade("q", "answer 8")).grade, 8);
      assert.match(
        server.asked[1]!.text,
        /answer was invalid: no JSON object in "It is an eight, I would say\."\. Reply/,
      );
      assert.match(server.asked[2]!.text, /answer was invalid: field "grade" is 11; expected at most 10\. Reply/);
      assert.deepEqual([judge.spent!.calls, judge.spent!.inputTokens], [3, 300]);
      server.fail(say(""), say("", { end: "cut" }), say('{"grade": 3.5}'));
      await assert.rejects(judge.grade("q2", "answer 8"), {
        message: `${api}:judge-1: 3 invalid answers; the last: field "grade" is 3.5; expected a whole number from 1 to 10`,
      });
      assert.match(server.asked[5]!.text, /the answer is empty; expected one JSON object \(cut off at maxTokens 512\)/);
    });

    it("estimates tokens if the server reports none", async (test) => {
      const { server, judge } = await judgeAt(test, api);
      server.fail(say('{"grade": 3}', { tokens: null }));
      await judge.grade("q", "a");
      assert.equal(judge.spent!.inputTokens, Math.ceil(Buffer.byteLength(server.asked[0]!.text) / 3));
      assert.equal(judge.spent!.outputTokens, 4);
    });

    it("estimates tokens if the reported usage is not a count", async (test) => {
      const { server, judge } = await judgeAt(test, api, {
        maxCost: 1,
        price: { input: 0, output: 1000 },
        maxTokens: 512,
      });
      server.fail(say('{"grade": 3}', { tokens: [-1e6, -1e6] }), say('{"grade": 3}', { tokens: [0.5, NaN] }));
      for (const prompt of ["q1", "q2"]) await judge.grade(prompt, "a");
      assert.deepEqual([judge.spent!.outputTokens, judge.spent!.cost], [8, 0.008]);
      assert.ok(judge.spent!.inputTokens > 0);
    });

    it("identifies itself by model, settings and prompts, without the key", async (test) => {
      setVariable(test, "SERA_TEST_KEY", secret);
      const { server, cache, make, judge } = await judgeAt(test, api, {}, { keyVariable: "SERA_TEST_KEY" });
      const sha256 = (kind: string) =>
        createHash("sha256")
          .update(readFileSync(`data/judge/${kind}.md`))
          .digest("hex");
      const { baseUrl } = server.model(api);
      assert.deepEqual(judgeIdentity(judge), {
        ...{ name: `${api}:judge-1`, provider: api, model: "judge-1", baseUrl, temperature: 0, maxTokens: 512 },
        prompts: { pairwise: sha256("pairwise"), grade: sha256("grade") },
      });
      const file = join(cache, "own.md");
      writeFileSync(file, "Grade {{response}} to {{prompt}}");
      for (const options of [{ temperature: null }, { maxTokens: 9 }, { prompts: { grade: file } }]) {
        assert.notDeepEqual(judgeIdentity(await make(options)), judgeIdentity(judge));
      }
      assert.deepEqual(judgeIdentity(await make({ concurrency: 1, maxCalls: 3 })), judgeIdentity(judge));
    });

    it("sends a key from the environment and reveals it nowhere", async (test) => {
      setVariable(test, "SERA_TEST_KEY", secret);
      const { server, cache, judge } = await judgeAt(test, api, {}, { keyVariable: "SERA_TEST_KEY" });
      await judge.grade("q", "answer 8");
      assert.equal(server.asked[0]!.headers.authorization, `Bearer ${secret}`);
      server.fail(refuse(401, {}, `the key ${secret} is wrong`));
      const error: unknown = await judge.grade("q2", "a").catch((reason: unknown) => reason);
      assert.ok(error instanceof InputError);
      assert.match(error.message, /returned 401 .*the key … is wrong.*; put a valid key into SERA_TEST_KEY$/);
      for (const text of [
        inspect(error, { depth: 9, showHidden: true }),
        inspect(judge, { depth: 9, showHidden: true }),
        JSON.stringify(judge),
        ...contentsOf(cache),
      ]) {
        assert.doesNotMatch(text, /very-secret/);
      }
    });

    it("does not send a provider's key to another server", async (test) => {
      for (const name of [
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "OPENAI_ADMIN_KEY",
      ])
        setVariable(test, name, secret);
      const { server, judge } = await judgeAt(test, api);
      await judge.grade("q", "answer 8");
      assert.doesNotMatch(JSON.stringify(server.asked), /very-secret/);
    });
  });
}

for (const api of apis) {
  describe(`llmJudge with a malicious server, ${api}`, () => {
    it("keeps its own estimate for reported usage that is not a count, so that the cap holds", async (test) => {
      const cap = { price: { input: 1e4, output: 1e4 }, maxCost: 30, maxTokens: 200, concurrency: 1 };
      for (const tokens of [
        [-1e9, -1e9],
        [-1, 20],
        [0.5, 0.5],
        [NaN, 1],
        [1e300, 1],
      ] as const) {
        const { server, judge } = await judgeAt(test, api, cap);
        server.answer = byNumber;
        server.fail(...Array.from({ length: 100 }, () => say(byNumber("<answer_a>1<answer_b>2"), { tokens })));
        const ask = async () => {
          for (let i = 0; i < 50; i++) await judge.compare("which?", `answer ${i}`, "answer 99");
        };
        await assert.rejects(
          ask,
          {
            name: "InputError",
            message: /^maxCost: \$[\d.]+ is spent or reserved and the next request may cost up to/,
          },
          String(tokens),
        );
        assert.ok(
          judge.spent!.cost! > 0 && judge.spent!.cost! <= 30 && server.asked.length < 20,
          `${tokens}: ${JSON.stringify(judge.spent)} after ${server.asked.length} requests`,
        );
      }
    });

    it("does not follow a redirect, which would send the key and the request elsewhere", async (test) => {
      setVariable(test, "SERA_TEST_KEY", secret);
      const [{ server, make }, other] = [
        await judgeAt(test, api, {}, { keyVariable: "SERA_TEST_KEY" }),
        await judgeAt(test, api),
      ];
      const judge = await make({ retries: 2 });
      server.fail((response: ServerResponse) => {
        response.writeHead(307, { location: `${other.server.model(api).baseUrl}/chat?key=${secret}` }).end();
      });
      await assert.rejects(judge.grade("q", "answer 8"), {
        name: "InputError",
        message:
          /^(?!.*very-secret).*:judge-1: 127\.0\.0\.1:\d+ redirects to "http.*, which is not followed; give the address/,
      });
      assert.equal(server.asked.length, 1);
      assert.equal(other.server.asked.length, 0);
    });

    it("refuses endless bodies, deeply nested JSON and overlong answers", async (test) => {
      const { server, make } = await judgeAt(test, api);
      const judge = await make({ retries: 2 });
      const endless = (response: ServerResponse) => {
        response.writeHead(200, { "content-type": "application/json" });
        const part = Buffer.alloc(1 << 20, " ");
        const more = () => void (!response.destroyed && response.write(part, more));
        more();
      };
      server.fail(endless);
      await assert.rejects(judge.compare("which?", "answer 1", "answer 2"), {
        name: "InputError",
        message: /sent what cannot be an answer \(a response of more than 16 MB\)$/,
      });
      server.fail(body(`${'{"content":'.repeat(500)}1${"}".repeat(500)}`));
      await assert.rejects(judge.compare("which?", "answer 3", "answer 4"), {
        message: /sent what cannot be an answer \(nested more than 128 levels deep\)$/,
      });
      server.fail(...Array.from({ length: 9 }, () => say(`${'{"verdict":'.repeat(5000)}`)));
      await assert.rejects(judge.compare("which?", "answer 5", "answer 6"), {
        message: /3 invalid answers; the last: no JSON object in/,
      });
      server.fail(...Array.from({ length: 9 }, () => say(`${"{".repeat(2_000_000)}}`)));
      await assert.rejects(judge.compare("which?", "answer 7", "answer 8"), {
        message: /3 invalid answers; the last: the answer is 2000001 characters long/,
      });
    });
  });
}

describe("llmJudge's cache", { concurrency: true }, () => {
  it("asks nothing twice: neither again, nor later, nor concurrently", async (test) => {
    const { server, cache, make, judge } = await judgeAt(test, "openai");
    const [one, two] = await Promise.all([
      judge.compare("q", "answer 1", "answer 2"),
      judge.compare("q", "answer 1", "answer 2"),
    ]);
    assert.deepEqual(one, two);
    assert.equal(server.asked.length, 2);
    const later = await make();
    assert.deepEqual(await later.compare("q", "answer 1", "answer 2"), one);
    // In the reverse order, the same two questions are asked.
    assert.equal((await later.compare("q", "answer 2", "answer 1")).choice, "a");
    assert.equal(server.asked.length, 2);
    assert.deepEqual(later.spent, { calls: 0, cached: 4, inputTokens: 0, outputTokens: 0, cost: undefined });
    assert.equal(filesOf(cache).length, 2);
  });

  it("asks again if the settings, the model or the prompt file differ", async (test) => {
    const { server, cache, make, judge } = await judgeAt(test, "openai");
    await judge.grade("q", "answer 1");
    await (await make({ temperature: 0.5 })).grade("q", "answer 1");
    await (await make({ maxTokens: 100 })).grade("q", "answer 1");
    await (await llmJudge(server.model("openai", "judge-2"), { cache })).grade("q", "answer 1");
    const file = join(cache, "own.md");
    writeFileSync(file, "Grade {{ response }} to {{prompt}} <answer>{{response}}</answer>");
    await (await make({ prompts: { grade: file } })).grade("q", "answer 1");
    assert.equal(server.asked.length, 5);
    assert.equal(server.asked[4]!.text, "Grade answer 1 to q <answer>answer 1</answer>");
    await (await make({ concurrency: 1, retries: 0 })).grade("q", "answer 1");
    assert.equal(server.asked.length, 5);
  });

  it("asks again if a file is damaged", async (test) => {
    const { server, cache, judge } = await judgeAt(test, "openai");
    await judge.grade("q", "answer 1");
    for (const content of ["{", '{"answer": "no"}']) {
      writeFileSync(join(cache, filesOf(cache)[0]!), content);
      assert.equal((await judge.grade("q", "answer 1")).grade, 1);
    }
    assert.equal(server.asked.length, 3);
  });

  it("keeps what was judged before an error, and the error names the row", async (test) => {
    const { server, make, judge } = await judgeAt(test, "openai", { concurrency: 1 });
    server.answer = (text) => (text.includes("question 3") ? "no idea" : '{"verdict": "tie"}');
    await assert.rejects(judgePairs(judge, rows(6)), {
      message: /^row "p3": openai:judge-1: 3 invalid answers; the last: no JSON object in "no idea"$/,
    });
    const asked = server.asked.length;
    assert.ok(asked >= 9 && asked < 6 * 2 + 4, `${asked} requests`);
    server.answer = () => '{"verdict": "tie"}';
    const verdicts = await judgePairs(await make(), rows(6));
    assert.deepEqual(
      verdicts.map(({ choice }) => choice),
      new Array(6).fill("tie"),
    );
    const paid = server.asked.length - asked;
    assert.ok(paid <= 6, `${paid} requests after the error`);
  });

  it("keeps the answers in flight when it is aborted, and resumes from there", async (test) => {
    const { server, cache, make, judge } = await judgeAt(test, "openai", { concurrency: 2 });
    server.delay = 30;
    const abort = new AbortController();
    const onProgress = (done: number) => void (done === 2 && abort.abort(new Error("stopped")));
    await assert.rejects(judgePairs(judge, rows(8), { signal: abort.signal, onProgress }), { message: "stopped" });
    const asked = server.asked.length;
    assert.ok(asked < 16);
    assert.equal(filesOf(cache).length, asked);
    await judgePairs(await make(), rows(8));
    assert.equal(server.asked.length, 16);
  });
});

describe("llmJudge's limits", { concurrency: true }, () => {
  it("makes at most `concurrency` requests at a time and reports progress", async (test) => {
    const { server, judge } = await judgeAt(test, "anthropic", { concurrency: 3 });
    // Long enough that the third request comes before the first is answered, even on a busy machine.
    server.delay = 250;
    const seen: number[] = [];
    await gradeResponses(
      judge,
      rows(8).map(({ prompt, a }) => ({ prompt, response: a })),
      { onProgress: (done, total) => seen.push(done, total) },
    );
    assert.equal(server.mostActive, 3);
    assert.deepEqual(
      seen,
      [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((done) => [done, 8]),
    );
  });

  it("estimates what questions will cost and counts cached answers", async (test) => {
    const { server, judge } = await judgeAt(test, "openai", { price: { input: 3, output: 15 } });
    await judge.compare("question 0", "answer 0", "answer 9");
    const estimate = await judge.plan!({ pairs: rows(3) });
    const tokens = server.asked.reduce((sum, { text }) => sum + Math.ceil(text.length / 3), 0);
    assert.deepEqual(estimate, {
      calls: 4,
      cached: 2,
      inputTokens: 2 * tokens,
      outputTokens: 400,
      cost: (3 * 2 * tokens + 15 * 400) / 1e6,
    });
    assert.equal(server.asked.length, 2);
  });

  it("refuses requests beforehand if they would exceed a cap", async (test) => {
    const { server, cache, judge } = await judgeAt(test, "openai", { maxCost: 0.001, price: { input: 3, output: 15 } });
    await assert.rejects(judgePairs(judge, rows(3)), {
      message: new RegExp(
        `^maxCost: these requests cost about \\$0\\.01\\d, but the cap is \\$0\\.0010; the answers so far are cached in ${cache}; raise the cap`,
      ),
    });
    const { judge: rare } = await judgeAt(test, "openai", { maxCalls: 5 });
    await assert.rejects(judgePairs(rare, rows(3)), { message: /^maxCalls: 6 requests needed, but the cap is 5; / });
    assert.equal(server.asked.length, 0);
  });

  it("stops before it exceeds a cap, whatever the estimate said", async (test) => {
    const { server, judge } = await judgeAt(test, "openai", { maxCalls: 7, concurrency: 4 });
    server.fail(say("nonsense"), say("nonsense"), say("nonsense"));
    await assert.rejects(judgePairs(judge, rows(3)), {
      message: /^row "p\d": maxCalls: the cap of 7 requests is reached; /,
    });
    assert.equal(server.asked.length, 7);
    // A call of up to 1 token in and 512 out costs just over 0.5 dollars; the first two are billed far above it.
    const dear = await judgeAt(test, "openai", { maxCost: 4, concurrency: 1, price: { input: 0, output: 1000 } });
    dear.server.answer = () => '{"verdict": "tie"}';
    dear.server.fail(
      say('{"verdict": "tie"}', { tokens: [1, 1500] }),
      say('{"verdict": "tie"}', { tokens: [1, 2100] }),
    );
    await assert.rejects(judgePairs(dear.judge, rows(3)), {
      message:
        /maxCost: \$3\.60 is spent or reserved and the next request may cost up to \$0\.51, but the cap is \$4\.00/,
    });
    assert.equal(dear.judge.spent!.cost, 3.6);
    assert.equal(dear.server.asked.length, 2);
  });

  it("counts requests towards the cap that may be billed although no answer came", async (test) => {
    const { server, judge } = await judgeAt(test, "openai", {
      maxCost: 1,
      retries: 5,
      price: { input: 0, output: 1000 },
    });
    server.fail(cutBefore, cutBefore);
    await assert.rejects(judge.grade("q", "answer 1"), {
      message:
        /maxCost: \$0\.51 is spent or reserved and the next request may cost up to \$0\.51, but the cap is \$1\.00/,
    });
    assert.equal(server.asked.length, 1);
    assert.equal(judge.spent!.cost, 0);
  });
});

describe("llmJudge refuses", () => {
  const cases: Readonly<
    Record<string, readonly [model: string | JudgeModel, options: LlmJudgeOptions, message: RegExp]>
  > = {
    "an unknown provider": [
      "mistral:large",
      {},
      /^judge: found "mistral", expected provider:model, where provider is one of anthropic, openai$/,
    ],
    "a provider of every object": ["constructor:large", {}, /found "constructor", expected/],
    "a name without a provider": ["gpt-4.1", {}, /^judge: found "gpt-4\.1", expected provider:model/],
    "no model": ["openai:", {}, /^judge: found "openai" without a model, expected/],
    "a missing key": [
      "anthropic:claude-haiku-4-5",
      {},
      /^anthropic:claude-haiku-4-5: no API key; set the environment variable ANTHROPIC_API_KEY$/,
    ],
    "a missing key of a custom variable": [
      { provider: "openai", model: "m", keyVariable: "SERA_NO_KEY" },
      {},
      /environment variable SERA_NO_KEY$/,
    ],
    "an invalid address": [
      { provider: "openai", model: "m", baseUrl: "localhost:80" },
      {},
      /^baseUrl: found "localhost:80", expected the address of a server/,
    ],
    "an address with a password, which it does not tell": [
      { provider: "openai", model: "m", baseUrl: "http://me:secret@localhost/v1" },
      {},
      /^(?!.*secret)baseUrl: it contains a user name or password; put the key/,
    ],
    "an address with a query, which may be a key": [
      { provider: "openai", model: "m", baseUrl: "http://localhost/v1?key=secret" },
      {},
      /^(?!.*secret)baseUrl: it has a query or fragment.*give the base URL alone/,
    ],
    "a cap on the cost of a model without a price": [
      "openai:gpt-99",
      { maxCost: 1 },
      /^maxCost: the price of openai:gpt-99 is not in .*prices\.json; pass price: \{ input, output \} in US dollars per million tokens/,
    ],
    "the same on another server": [
      { provider: "openai", model: "gpt-4.1", baseUrl: "http://localhost:1/v1" },
      { maxCost: 1 },
      /^maxCost: the price of openai:gpt-4\.1 at http:\/\/localhost:1\/v1 is unknown; pass price/,
    ],
    "a bad temperature": ["openai:m", { temperature: 3 }, /^temperature: found 3, expected a number in \[0, 2\]/],
    "no tokens": ["openai:m", { maxTokens: 0 }, /^maxTokens: found 0/],
    "no concurrency": ["openai:m", { concurrency: 0 }, /^concurrency: found 0/],
    "bad retries": ["openai:m", { retries: -1 }, /^retries: found -1/],
    "no time": ["openai:m", { timeoutSeconds: 0 }, /^timeoutSeconds: found 0/],
    "bad caps": ["openai:m", { maxCalls: 1.5 }, /^maxCalls: found 1\.5/],
    "a negative cost": ["openai:m", { maxCost: -1 }, /^maxCost: found -1/],
    "a bad price": [
      "openai:m",
      { price: { input: -1, output: 0 } },
      /^price: found \{"input":-1,"output":0\}, expected/,
    ],
    "a prompt that is not there": [
      "openai:m",
      { prompts: { grade: "no/such.md" } },
      /^no\/such\.md: no such file in .*; give the path of a judge's prompt template$/,
    ],
  };
  for (const [name, [model, options, message]] of Object.entries(cases)) {
    it(name, async (test) => {
      for (const variable of ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]) setVariable(test, variable, undefined);
      await assert.rejects(
        llmJudge(model, options),
        (error: unknown) => (error instanceof InputError && message.test(error.message)) || assert.fail(String(error)),
      );
    });
  }

  it("a key with invalid characters, without revealing it", async (test) => {
    setVariable(test, "OPENAI_API_KEY", "sk-very-secret\nx");
    await assert.rejects(llmJudge("openai:m"), {
      message: "OPENAI_API_KEY: not an API key (it contains spaces or special characters); set it to the key alone",
    });
  });

  it("an unreachable server, without retrying", async (test) => {
    const { server, judge } = await judgeAt(test, "openai");
    await server.stop();
    await assert.rejects(judge.grade("q", "a"), {
      message: /^openai:judge-1: no response from 127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/,
    });
    assert.equal(judge.spent!.calls, 1);
  });

  it("nothing if the key is set and the price is known", async (test) => {
    setVariable(test, "OPENAI_API_KEY", secret);
    const judge = await llmJudge("openai:gpt-4.1-mini-2025-04-14", { maxCost: 1, cache: emptyFolder(test) });
    const { cost, inputTokens } = await judge.plan!({ responses: [{ prompt: "q", response: "a" }] });
    assert.equal(cost, (0.4 * inputTokens + 1.6 * 100) / 1e6);
  });
});
