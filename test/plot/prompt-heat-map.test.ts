import assert from "node:assert/strict";
import { it } from "node:test";
import type { TopLevelSpec } from "vega-lite";
import { promptHeatMap } from "../../src/plot/prompt-heat-map.js";

interface Read {
  readonly cells: readonly (readonly [row: string, policy: string, value: number])[];
  readonly domain: readonly number[];
}

function read(spec: TopLevelSpec): Read {
  const { data, encoding } = spec as unknown as {
    data: { values: { row: string; policy: string; value: number }[] };
    encoding: { color: { scale: { domain: number[] } } };
  };
  return {
    cells: data.values.map(({ row, policy, value }) => [row, policy, value]),
    domain: encoding.color.scale.domain,
  };
}

it("prompts are sorted by decreasing mean, and several responses are averaged", () => {
  const { cells, domain } = read(
    promptHeatMap({
      SFT: [
        { id: "a", gold: 0.25 },
        { id: "b", gold: 0.5 },
        { id: "c", gold: 1 },
      ],
      SeRA: [
        { id: "a", gold: 0.5 },
        { id: "a", gold: 1 },
        { id: "b", gold: 0.25 },
      ],
    }),
  );
  assert.deepEqual(cells, [
    ["c", "SFT", 1],
    ["a", "SFT", 0.25],
    ["a", "SeRA", 0.75],
    ["b", "SFT", 0.5],
    ["b", "SeRA", 0.25],
  ]);
  assert.deepEqual(domain, [0, 1]);
});

it("rewards outside [0, 1] set the range of the scale", () => {
  assert.deepEqual(
    read(
      promptHeatMap({
        SFT: [
          { id: "a", gold: -2 },
          { id: "b", gold: 3 },
        ],
      }),
    ).domain,
    [-2, 3],
  );
});

it("more than 250 prompts are averaged with their neighbours in rank", () => {
  const { cells } = read(
    promptHeatMap({ SFT: Array.from({ length: 501 }, (_, at) => ({ id: `p${at}`, gold: at / 500 })) }),
  );
  assert.equal(cells.length, 167);
  assert.deepEqual(cells[0]!.slice(0, 2), ["ranks 1 to 3", "SFT"]);
  assert.ok(Math.abs(cells[0]![2] - 499 / 500) < 1e-12);
  assert.equal(cells.at(-1)![0], "ranks 499 to 501");
});

it("a run's margins have a scale that is symmetric around zero", () => {
  const margins = [0, 1].flatMap((at) =>
    [2, 3].map((iteration) => ({ iteration, id: `p${at}`, ensemble: at ? -3 : 3, kept: true })),
  );
  const { cells, domain } = read(promptHeatMap({ margins }));
  assert.deepEqual(cells[0], ["p0", "before iteration 2", 3]);
  assert.deepEqual(domain, [-3, 3]);
});

it("pairs without ids are refused", () => {
  assert.throws(() => promptHeatMap([{ iteration: 2, ensemble: 1, kept: true }]), {
    name: "InputError",
    message: /a pair of the review before iteration 2 has no `id`/,
  });
});

it("a response without a gold reward is named in the error", () => {
  assert.throws(() => promptHeatMap({ SFT: [{ id: "a" } as never] }), {
    name: "InputError",
    message: 'plot.promptHeatMap: `gold` of "SFT" for "a" is undefined, expected a finite number',
  });
});
