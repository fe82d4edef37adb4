import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { TestContext } from "node:test";
import { Random } from "../../src/base/random.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { llmJudge } from "../../src/judge/llm/llm-judge.js";
import { HubServer } from "../support/hub-server.js";
import { byNumber, cutBefore, cutWithin, JudgeServer, refuse, say } from "../support/judge-server.js";
import { mutant } from "./mutate.js";
import { done, outcomeOfError, Tally, third, timeLeft, type CampaignOptions } from "./outcomes.js";

/** Seconds for one attempt, including all retries of the client. */
const longestAttempt = 60;

/** Runs work with a test context; what is passed to its `after` runs at the end. */
async function asTest<T>(work: (test: TestContext) => Promise<T>): Promise<T> {
  const after: (() => unknown)[] = [];
  try {
    return await work({ after: (last: () => unknown) => void after.push(last) } as unknown as TestContext);
  } finally {
    for (const last of after.reverse()) await last();
  }
}

async function within(work: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise(
    (_, reject) =>
      (timer = setTimeout(() => reject(new TypeError(`not done within ${longestAttempt} s`)), 1000 * longestAttempt)),
  );
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const json = { "content-type": "application/json" };
const rows = Array.from(
  { length: 20 },
  (_, i) => `${JSON.stringify({ prompt: `p ${i}`, chosen: "a", rejected: "b" })}\n`,
).join("");

/** Returns a wrong answer of a hub with a status of success, which clients do not retry. */
function wrongAnswer(random: Random, good: Buffer): (response: ServerResponse) => void {
  const paths = [
    "../../../canary",
    "/etc/passwd",
    "a/../../canary",
    "..\\..\\canary",
    "",
    "a\u0000b",
    "con",
    "data/train.jsonl",
    "a".repeat(5000),
  ];
  const path = random.pick(paths);
  const listing = JSON.stringify([
    {
      type: "file",
      path,
      size: random.pick([0, 5, -1, 1e15, 0.5]),
      oid: random.pick(["0".repeat(40), "../../canary", "", "g".repeat(40)]),
    },
  ]);
  const bodies = [
    mutant(good, random, true, [good]),
    mutant(Buffer.from(listing), random, true, [good]),
    Buffer.from(listing),
    Buffer.from("<html>log in</html>"),
    Buffer.alloc(0),
  ];
  const body = random.pick(bodies);
  const headers = random.pick([
    json,
    {},
    { ...json, link: '<http://127.0.0.1:1/next>; rel="next"' },
    { ...json, "content-length": String(body.length) },
    { ...json, "content-encoding": "gzip" },
  ]);
  return (response) => void response.writeHead(200, headers).end(body);
}

/** A hub with damaged or malicious answers: expects the rows or one clear error, and nothing written outside the cache. */
export async function hostileHub(options: CampaignOptions): Promise<Tally[]> {
  const tally = new Tally("hostile hub", "listings, cards, files");
  const begin = performance.now();
  for (let attempt = 0; attempt < options.count && timeLeft(begin, options); attempt++) {
    const random = Random.seeded(options.seed).fork("hub", attempt);
    await asTest(async (test) => {
      const hub = await HubServer.start(test, {
        "datasets/org/rows": {
          revisions: { main: { "data/train.jsonl": rows, "README.md": "x" } },
          card: { license: "mit" },
        },
      });
      const good = {
        "/revision/": Buffer.from(
          '{"_id":"1","id":"org/rows","sha":"0123456789012345678901234567890123456789","cardData":{"configs":[{"config_name":"a","data_files":"*.jsonl"}]}}',
        ),
        "/tree/": Buffer.from(
          `[{"type":"file","path":"data/train.jsonl","size":${rows.length},"oid":"0123456789012345678901234567890123456789"}]`,
        ),
        "/resolve/": Buffer.from(rows),
      };
      const where = random.pick(Object.keys(good) as (keyof typeof good)[]);
      hub.fail(where, random.pick([1, 1, Infinity]), wrongAnswer(random, good[where]));
      const outcome = await within(loadPreferences("org/rows")).then(
        () => done,
        (error: unknown) => outcomeOfError(error, ["org/rows", hub.cache]),
      );
      const outside = [join(hub.cache, "../canary"), join(hub.cache, "../../canary"), "/canary"].find((path) =>
        existsSync(path),
      );
      const strangers = readdirSync(hub.cache).filter((name) => name !== "datasets--org--rows" && name !== "home");
      tally.add(
        outside !== undefined || strangers.length > 0
          ? third(`wrote ${outside ?? strangers.map((name) => relative(".", name)).join()}`)
          : outcome,
        `seed ${options.seed}, ${attempt}`,
      );
    });
  }
  tally.seconds = (performance.now() - begin) / 1000;
  return [tally];
}

/** A judge with damaged or malicious answers: expects a verdict or one clear error, and a cost cap that still holds. */
export async function hostileJudge(options: CampaignOptions): Promise<Tally[]> {
  const tallies: Tally[] = [];
  for (const api of ["anthropic", "openai"] as const) {
    const tally = new Tally("hostile judge", `${api}'s protocol`);
    tallies.push(tally);
    const begin = performance.now();
    await asTest(async (test) => {
      const server = await JudgeServer.start(test);
      for (
        let attempt = 0;
        attempt < options.count && timeLeft(begin, { ...options, seconds: options.seconds / 2 });
        attempt++
      ) {
        const random = Random.seeded(options.seed).fork("judge", api, attempt);
        const cache = mkdtempSync(join(tmpdir(), "sera-judge-"));
        const judge = await llmJudge(server.model(api), {
          cache,
          retries: 0,
          maxTokens: 100,
          maxCost: 1,
          price: { input: 100, output: 100 },
          timeoutSeconds: 5,
        });
        server.answer = byNumber;
        const numbers = [-1e9, -1, 0, 0.5, 1e300, NaN, 20] as const;
        const tokens = [random.pick(numbers), random.pick(numbers)] as const;
        const damaged = (response: ServerResponse, asked: Parameters<ReturnType<typeof say>>[1]) => {
          const end = response.end.bind(response);
          // The good answer, damaged in transit.
          response.end = ((body: string) => end(mutant(Buffer.from(body), random, true, [Buffer.from(body)]))) as never;
          say(byNumber(asked.text), { tokens })(response, asked);
        };
        const faults = [
          damaged,
          damaged,
          damaged,
          say(byNumber("<answer_a>1<answer_b>2"), { tokens }),
          say(mutant(Buffer.from('{"reason":"x","verdict":"A"}'), random, true, [Buffer.from("{")]).toString()),
          refuse(random.pick([400, 401, 403, 404, 418, 429, 500])),
          cutBefore,
          cutWithin,
        ];
        server.fail(...Array.from({ length: 8 }, () => random.pick(faults)));
        const outcome = await within(judge.compare("which?", "answer 7", "answer 3")).then(
          () => done,
          (error: unknown) => outcomeOfError(error, ["judge-1", "maxCost"]),
        );
        // A server can report more tokens than it can have used, which ends the requests; it cannot lower the cost.
        const { cost: spent, calls } = judge.spent!;
        tally.add(
          spent! >= 0 && calls <= 6 ? outcome : third(`spent ${spent} in ${calls} requests`),
          `seed ${options.seed}, ${attempt}`,
        );
        server.recover();
        rmSync(cache, { recursive: true, force: true });
      }
    });
    tally.seconds = (performance.now() - begin) / 1000;
  }
  return tallies;
}
