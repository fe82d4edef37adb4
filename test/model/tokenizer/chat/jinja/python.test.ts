import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { compileChatTemplate } from "../../../../../src/model/tokenizer/chat/chat-template.js";
import { loadPreferences } from "../../../../../src/data/load-preferences.js";
import type { Message } from "../../../../../src/model/tokenizer/chat/chat.js";
import { fileOf } from "../../../../data/files.js";

const folder = "test/fixtures/templates";
const read = (name: string) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
const now = new Date("2026-03-05T14:07:09Z");
const tokens = { bos_token: "<s>", eos_token: "</s>" };
const messages: readonly Message[] = [
  { role: "user", content: " Hi\n" },
  { role: "assistant", content: "Ho 👍 é" },
  { role: "user", content: "" },
];

/** The rendered text, or the error. A refusal names an unsupported feature; any other error also occurs in Python. */
function outcome(source: string): { readonly text: string } | { readonly error: string } {
  try {
    return { text: compileChatTemplate(source, tokens, now)(messages, false) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const isRefusal = (message: string) =>
  /(, which|which) is not supported|with its address|too large|Unknown statement type|Parser Error|Unexpected/.test(
    message,
  );

/** Compares outcomes with Python's and returns the templates that are refused although Python renders them. */
function compare(expected: Iterable<readonly [string, string | null]>): string[] {
  const refused: string[] = [];
  const wrong: string[] = [];
  for (const [source, python] of expected) {
    const found = outcome(source);
    if ("text" in found ? found.text === python : python === null) continue;
    if ("error" in found && isRefusal(found.error)) refused.push(source);
    else wrong.push(`${source}: Python ${JSON.stringify(python)}, found ${JSON.stringify(found)}`);
  }
  assert.deepEqual(wrong, []);
  return refused;
}

describe("templates match Python's Jinja2 in", () => {
  test("every operator on every pair of values", () => {
    const { values, results } = read("operators.json") as {
      values: string[];
      results: Record<string, (string | null)[][]>;
    };
    const all = Object.entries(results).flatMap(([operator, rows]) =>
      rows.flatMap((row, i) =>
        row.map((text, j) => [`{{ (${values[i]}) ${operator} (${values[j]}) }}`, text] as const),
      ),
    );
    const refused = compare(all);
    assert.ok(refused.length <= all.length * 0.05, `${refused.length} of ${all.length} are refused`);
  });

  test("filters, tests, methods and statements", () => {
    const all = Object.entries(read("expressions.json") as Record<string, string | null>);
    const refused = compare(all);
    assert.ok(refused.length <= all.length * 0.05, `${refused.length} of ${all.length} are refused`);
  });
});

test("numbers in tool calls stay ints or floats, as in the row", async () => {
  const { rows, templates, texts } = read("numbers.json") as {
    rows: string[];
    templates: string[];
    texts: (string | null)[][];
  };
  const { pairs } = await loadPreferences(fileOf("numbers.jsonl", rows.join("\n")));
  for (const [i, template] of templates.entries()) {
    const render = compileChatTemplate(template, tokens);
    assert.deepEqual(
      pairs.map(({ prompt }) => render(prompt as readonly Message[], false)),
      texts[i],
    );
  }
});

const ofFile = (name: string) => JSON.parse(gunzipSync(readFileSync(`${folder}/${name}`)).toString());
const { conversations } = ofFile("trl.json.gz") as { conversations: readonly (readonly Message[])[] };

for (const [what, file] of [
  ["TRL's templates", "trl.json.gz"],
  ["templates of models of the hub", "hub.json.gz"],
] as const) {
  describe(`${what} match Python on 96 conversations`, () => {
    const { templates } = ofFile(file) as {
      templates: Record<string, { readonly template: string; readonly digests: readonly (string | null)[] }>;
    };
    for (const [name, { template, digests }] of Object.entries(templates)) {
      test(name, () => {
        const render = compileChatTemplate(template, tokens, now);
        const found = conversations.flatMap((conversation) =>
          [false, true].map((opens) => digestOf(() => render(conversation, opens))),
        );
        assert.deepEqual(found, digests);
      });
    }
  });
}

function digestOf(render: () => string): string | null {
  let text: string;
  try {
    text = render();
  } catch (error) {
    assert.ok(!isRefusal((error as Error).message), (error as Error).message);
    return null;
  }
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
