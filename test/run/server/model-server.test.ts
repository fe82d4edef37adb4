import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { Random } from "../../../src/base/random.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { sapo } from "../../../src/methods/index.js";
import { initialLora } from "../../../src/model/parameters/lora/lora.js";
import type { Policy } from "../../../src/model/policy/policy.js";
import { openRun } from "../../../src/run/open-run.js";
import { modelServer, type ModelServerSettings } from "../../../src/run/server/model-server.js";
import { emptyFolder } from "../../support/folder.js";
import { ServedModels, type ServerHabits } from "../../support/served-models.js";
import { byteTokenizer, tinyConfig, tinyPolicy } from "../../support/tiny-model.js";
import { tinyInput, tinySera } from "../../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const rows = (folder: string, name: string): any[] =>
  readFileSync(join(folder, name), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

async function withAdapter(seed: number): Promise<Policy> {
  const lora = { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"] };
  const base = await tinyPolicy(programs);
  const policy = await base.withAdapter(lora, initialLora(tinyConfig, lora, Random.seeded(seed)));
  await base.free();
  return policy;
}

const served = async (test: TestContext, habits?: Partial<ServerHabits>, seed = 1) =>
  ServedModels.start(test, { tiny: await tinyPolicy(programs, seed) }, habits);

/** Runs two iterations of SeRA with responses from the server. */
async function run(
  test: TestContext,
  server: ServedModels,
  own: Partial<ModelServerSettings>,
  start: Policy,
  changed: Parameters<typeof tinySera>[0] = {},
): Promise<string> {
  const folder = emptyFolder(test);
  const on = modelServer({ address: server.address, model: "tiny", ...own });
  await openRun(tinySera({ rounds: 2, ...changed }), await tinyInput(programs, { start, on }), { folder });
  return folder;
}

describe("a run with responses from a server", () => {
  it("samples from the served model with a seed per response, and stores none of its log-probabilities", async (test) => {
    const server = await served(test, {}, 7);
    const folder = await run(test, server, {}, await tinyPolicy(programs));
    const samples = rows(folder, "iteration-2/samples.jsonl");
    assert.equal(samples.length, 16);
    // The probes, then one request for each response.
    assert.equal(server.of("completions").length, 2 + 16);
    const seeds = new Set(
      server
        .of("completions")
        .slice(2)
        .map(({ body }) => body.seed),
    );
    assert.equal(seeds.size, 16);
    // The served model is another one, so its log-probabilities are not the policy's.
    assert.ok(samples.every(({ logProb }) => logProb === undefined));
    assert.deepEqual(server.of("load_lora_adapter"), []);
  });

  it("samples from the policy if the server loads adapters, and scores there as it does locally", async (test) => {
    const server = await served(test);
    const adapters = emptyFolder(test);
    const own = { adapters };
    const [scoredHere, scoredThere] = [
      await run(test, server, own, await withAdapter(5)),
      await run(test, server, { ...own, score: true }, await withAdapter(5)),
    ];
    const samples = (folder: string) => rows(folder, "iteration-2/samples.jsonl");
    // The adapter of iteration 1, loaded by each of the runs; that of the first is the second's too.
    const loaded = server.of("load_lora_adapter").map(({ body }) => body.lora_name);
    assert.ok(loaded.length >= 2);
    assert.equal(samples(scoredThere).length, 16);
    assert.ok(samples(scoredThere).every(({ logProb }) => typeof logProb === "number"));
    assert.ok(samples(scoredHere).every(({ logProb }) => logProb === undefined));
    const tokens = (folder: string) => samples(folder).map(({ tokens }) => tokens);
    assert.deepEqual(tokens(scoredThere), tokens(scoredHere));
    for (const [i, { margin }] of rows(scoredThere, "iteration-2/margins.jsonl").entries())
      assert.ok(Math.abs(margin - rows(scoredHere, "iteration-2/margins.jsonl")[i].margin) < 1e-4, `pair ${i}`);
    const rewards = (folder: string) => rows(folder, "iteration-2/samples.jsonl").map(({ reward }) => reward);
    for (const [i, reward] of rewards(scoredThere).entries())
      assert.ok(Math.abs(reward - rewards(scoredHere)[i]) < 1e-4, `response ${i}`);
  });

  it("reads token ids in the formats of vLLM and llama.cpp, and encodes the text if ids are missing", async (test) => {
    const start = () => tinyPolicy(programs);
    const tokensOf = async (habits: Partial<ServerHabits>) => {
      const folder = await run(test, await served(test, habits), {}, await start(), { temperature: 1.5 });
      return rows(folder, "iteration-2/samples.jsonl").map(({ tokens, complete }) => ({ tokens, complete }));
    };
    const vllm = await tokensOf({ tells: "vllm" });
    assert.deepEqual(await tokensOf({ tells: "llama.cpp", echoes: false, dropsStop: true }), vllm);
    // The text is encoded if ids are missing; otherwise the tokens of another response would be trained on.
    const lossy = await tokensOf({ tells: "llama.cpp", losesTokens: true });
    const reread = ({ tokens, complete }: { tokens: number[]; complete: boolean }) =>
      [...byteTokenizer.encode(byteTokenizer.decode(tokens)), ...(complete ? [byteTokenizer.eosId] : [])].slice(0, 4);
    for (const [i, row] of vllm.entries())
      assert.deepEqual(lossy[i]!.tokens, row.tokens.length > 1 ? reread(row) : row.tokens, `response ${i}`);
  });

  it("retries a server that is temporarily unavailable, and fails if it is unreachable", async (test) => {
    const server = await served(test);
    server.failNext((response) => response.writeHead(503).end("{}"));
    await run(test, server, {}, await tinyPolicy(programs));
    assert.equal(server.of("models").length, 2);
    const gone = modelServer({ address: "http://127.0.0.1:1999/v1", model: "tiny" });
    await assert.rejects(
      tinyInput(programs, { on: gone }).then((input) => openRun(tinySera(), input, { folder: emptyFolder(test) })),
      /no response from 127\.0\.0\.1:1999 \(ECONNREFUSED\)/,
    );
  });

  it("is refused with an unsuitable model, server, policy or method", async (test) => {
    const server = await served(test);
    const noTokens = await served(test, { takesTokens: false });
    const noEcho = await served(test, { echoes: false });
    const refusals: readonly [ServedModels, Partial<ModelServerSettings>, Policy, RegExp][] = [
      [server, { model: "large" }, await tinyPolicy(programs), /serves "tiny", and not "large"/],
      [server, { model: undefined }, await tinyPolicy(programs), /`model` is missing/],
      [noTokens, {}, await tinyPolicy(programs), /takes no token ids as a prompt \(.*expected a string\); .*`respond`/],
      [
        noEcho,
        { adapters: emptyFolder(test), score: true },
        await withAdapter(5),
        /Only no echo is supported|tells no log-probabilities/,
      ],
      [server, { adapters: emptyFolder(test) }, await tinyPolicy(programs), /adapters: the policy has none/],
    ];
    for (const [at, own, start, message] of refusals) {
      await assert.rejects(run(test, at, own, start), (error: Error) => {
        assert.match(error.message, message);
        return error.name === "InputError";
      });
    }
    const on = modelServer({ address: server.address, model: "tiny" });
    await assert.rejects(
      openRun(sapo()({ seed: 1 }), await tinyInput(programs, { on }), { folder: emptyFolder(test) }),
      /writes while it trains, which a server cannot follow/,
    );
  });

  it("sends the API key, and names its environment variable if that is not set", async (test) => {
    const server = await served(test);
    process.env["KEY_OF_TEST"] = "secret-1";
    try {
      await run(test, server, { keyVariable: "KEY_OF_TEST" }, await tinyPolicy(programs));
    } finally {
      delete process.env["KEY_OF_TEST"];
    }
    assert.ok(server.asked.every(({ authorization }) => authorization === "Bearer secret-1"));
    await assert.rejects(
      run(test, server, { keyVariable: "KEY_OF_TEST" }, await tinyPolicy(programs)),
      /no API key; set the environment variable KEY_OF_TEST/,
    );
  });
});

describe("modelServer", () => {
  it("refuses invalid settings by name", () => {
    const refusals: readonly [object, RegExp][] = [
      [{ address: undefined }, /`address` is missing/],
      [{ address: "localhost:8000" }, /address: found "localhost:8000", expected the address of a server, such as/],
      [{ address: "http://me:secret@host/v1" }, /^(?!.*secret).*name it in `keyVariable`/],
      [{ score: true }, /`score` needs `adapters`/],
      [{ serverAdapters: "/there" }, /give that too/],
      [{ address: "http://host/v1?key=secret" }, /^(?!.*secret).*it has a query or fragment/],
      [{ timeoutSeconds: 301 }, /timeoutSeconds: found 301, expected a whole number from 1 to 300/],
      [{ concurrency: 0 }, /concurrency: found 0, expected a whole number from 1/],
      [{ url: "http://host" }, /`url` is not one of its settings/],
    ];
    for (const [own, message] of refusals)
      assert.throws(
        () => modelServer({ address: "http://host:8000/v1", ...own } as ModelServerSettings),
        (error: Error) => error.name === "InputError" && message.test(error.message),
        String(message),
      );
  });
});
