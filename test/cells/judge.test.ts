import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { from } from "arquero";
import { goldJudge, judgeAgreement, llmJudge, meanGrade, winRate, type Judge } from "../../src/index.js";
import { displaySymbol } from "../../src/base/mime.js";
import { emptyFolder } from "../support/folder.js";
import { JudgeServer } from "../support/judge-server.js";

const rows = Array.from({ length: 12 }, (_, i) => ({
  id: `p${i}`,
  prompt: `question ${i}`,
  a: `answer ${i}`,
  b: "answer 4",
}));

describe("winRate in a cell", () => {
  it("returns a summary with costs and a table of rows", async (test) => {
    const server = await JudgeServer.start(test);
    const judge = await llmJudge(server.model("anthropic"), {
      cache: emptyFolder(test),
      price: { input: 1, output: 5 },
    });
    const judged = await winRate(judge, from(rows));
    const [summary] = judged.summary.objects() as [Record<string, unknown>];
    assert.deepEqual(
      [
        "judge",
        "comparisons",
        "wins",
        "ties",
        "losses",
        "winRate",
        "orderAgreement",
        "calls",
        "inputTokens",
        "cost",
      ].map((name) => summary[name]),
      ["anthropic:judge-1", 12, 7, 1, 4, 7.5 / 12, 1, 22, 2200, (2200 + 5 * 440) / 1e6],
    );
    assert.deepEqual(judged.table.columnNames(), [
      "id",
      "prompt",
      "a",
      "b",
      "choice",
      "aFirst",
      "bFirst",
      "aFirstReason",
      "bFirstReason",
    ]);
    assert.deepEqual(judged.table.array("choice").slice(3, 6), ["b", "tie", "a"]);
    assert.match(String((await judged[displaySymbol]())["text/plain"]), /anthropic:judge-1/);
    const again = await winRate(await llmJudge(server.model("openai"), { cache: emptyFolder(test) }), rows);
    assert.deepEqual(judgeAgreement(judged, again).objects(), [
      { first: "anthropic:judge-1", second: "openai:judge-1", items: 12, share: 1, kappa: 1 },
    ]);
  });

  it("refuses a judge that always prefers the response shown first", async (test) => {
    const server = await JudgeServer.start(test);
    server.answer = () => '{"reason": "A is best", "verdict": "A"}';
    const judge = await llmJudge(server.model("openai"), { cache: emptyFolder(test) });
    await assert.rejects(
      winRate(judge, rows),
      /^InputError: openai:judge-1: the judge preferred the response shown first in both orders of all 11 pairs of different responses/,
    );
  });

  it("allows judgeAgreement only between results on the same rows", async () => {
    const judge: Judge = {
      ...goldJudge(),
      compare: async () => ({ choice: "a", orders: ["a", "a"], reasons: ["", ""] }),
    };
    const [one, other] = [await winRate(judge, rows), await winRate(judge, rows.slice(1))];
    assert.throws(() => judgeAgreement(one), /judgeAgreement: found 1 judged, expected at least two/);
    assert.throws(() => judgeAgreement(one, other), /judgeAgreement: found other rows judged by gold than by gold/);
  });
});

describe("meanGrade in a cell", () => {
  it("returns the mean and each grade, and warns if all grades are the same", async (test) => {
    const server = await JudgeServer.start(test);
    const judge = await llmJudge(server.model("openai"), { cache: emptyFolder(test) });
    const graded = await meanGrade(
      judge,
      rows.map(({ id, prompt, a }) => ({ id, prompt, response: a })),
    );
    const [summary] = graded.summary.objects() as [Record<string, unknown>];
    assert.equal(summary["grade"], (1 + 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 10 + 10) / 12);
    assert.deepEqual(graded.table.array("grade").slice(0, 4), [1, 1, 2, 3]);
    assert.deepEqual(graded.warnings, []);
    const flat = await meanGrade(
      judge,
      rows.map(({ prompt, b }) => ({ prompt, response: b })),
    );
    assert.deepEqual(flat.warnings, ["The judge gives all 12 responses the grade 4."]);
    assert.match(String((await flat[displaySymbol]())["text/plain"]), /gives all 12 responses the grade 4/);
  });
});
