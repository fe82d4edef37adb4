import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compileChatTemplate } from "../../../../../src/model/tokenizer/chat/chat-template.js";

const render = (source: string) => compileChatTemplate(source, {})([{ role: "user", content: "Hi" }], true);

describe("a template that would not terminate is stopped", () => {
  const loop = "{% for i in range(100000) %}";
  const endless: Record<string, string> = {
    "loops within loops": `${loop}${loop}x{% endfor %}{% endfor %}`,
    "loops that are left at once": `${loop}${loop}{% break %}{% endfor %}{% endfor %}`,
    "a list that is gone through again and again": `{% set r = range(100000) %}{% for i in r %}{% for j in r if j %}{% break %}{% endfor %}{% endfor %}`,
    "a text that doubles": `{% set ns = namespace(x='ab') %}${loop}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}`,
    "a list that doubles": `{% set ns = namespace(x=[1]) %}${loop}{% set ns.x = ns.x + ns.x %}{% endfor %}`,
    "a text that is looked through again and again": `{% set ns = namespace(x='ab') %}{% for i in range(20) %}{% set ns.x = ns.x + ns.x %}{% endfor %}${loop}{% set y = ns.x | upper %}{% endfor %}`,
    "a macro that calls itself": "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    "a range that fills the memory": "{{ range(1000000000) }}",
    "a range without an end": "{{ range(0, 10, 0) }}",
  };
  for (const [name, source] of Object.entries(endless)) {
    test(name, () => {
      const started = performance.now();
      assert.throws(() => render(source), /does not come to an end|not a function|range/);
      assert.ok(performance.now() - started < 20_000);
    });
  }
});

test("ranges match Python's", () => {
  const ranges: Record<string, string> = {
    "3": "[0, 1, 2]",
    "2, 5": "[2, 3, 4]",
    "5, 0, -2": "[5, 3, 1]",
    "0": "[]",
    "3, 1": "[]",
    "0, 5, 2": "[0, 2, 4]",
  };
  for (const [bounds, expected] of Object.entries(ranges))
    assert.equal(render(`{{ range(${bounds}) | list | tojson }}`), expected);
});

test("a template cannot reach JavaScript's globals or prototypes", () => {
  for (const name of [
    "constructor",
    "__proto__",
    "prototype",
    "__class__",
    "toString",
    "hasOwnProperty",
    "__globals__",
  ]) {
    for (const value of [
      "messages",
      "messages[0]",
      "messages[0].content",
      "range",
      "namespace()",
      "{}",
      "[]",
      "1",
      "raise_exception",
    ]) {
      assert.equal(render(`{{ ${value}.${name} is defined }}`), "False", `${value}.${name}`);
    }
    assert.equal(
      render(
        `{{ messages[0]['${name}'] is defined }}${"{{ process is defined }}{{ globalThis is defined }}{{ require is defined }}"}`,
      ),
      "FalseFalseFalseFalse",
    );
  }
  assert.throws(() => render("{{ messages.constructor.constructor('return process')() }}"));
});

test("output written before break or continue is kept", () => {
  assert.equal(
    render("{% for i in range(4) %}a{{ i }}{% if i == 1 %}-{% continue %}{% endif %}b{% endfor %}"),
    "a0ba1-a2ba3b",
  );
  assert.equal(
    render("{% for i in range(4) %}a{{ i }}{% if i == 1 %}-{% break %}{% endif %}b{% endfor %}c"),
    "a0ba1-c",
  );
  assert.equal(
    render("{% for i in range(2) %}({% for j in range(3) %}{{ j }}{% break %}{% endfor %}){% continue %}x{% endfor %}"),
    "(0)(0)",
  );
  assert.equal(render("{% for i in [1] %}{% break %}{% else %}none{% endfor %}"), "none");
});

test("strings are stripped, counted and capitalized as in Python", () => {
  const cases: Record<string, string> = {
    "'\\n\\n a\\n '.strip('\\n')": " a\n ",
    "'xyaxy'.lstrip('xy')": "axy",
    "'a]-^]'.rstrip(']-^')": "a",
    "' \u001c\u0085a\ufeff ' | trim": "a\ufeff",
    "' a '.strip() | length": "1",
    "'👍a' | length": "2",
    "'uSER' | capitalize": "User",
    "[1, 2] | length": "2",
    "messages[0].content.rstrip('i')": "H",
  };
  for (const [expression, expected] of Object.entries(cases))
    assert.equal(render(`{{ ${expression} }}`), expected, expression);
});

test("a conversation of thousands of turns is rendered", () => {
  const source =
    "{% for message in messages %}{% if messages[0].role == 'user' and not loop.last %}{{ message.content | trim }}{% endif %}{% endfor %}";
  const messages = Array.from({ length: 3000 }, () => ({ role: "user", content: "x".repeat(1000) }) as const);
  assert.equal(compileChatTemplate(source, {})(messages, true).length, 2_999_000);
});

test("the interpreter's limits apply to each rendering separately", () => {
  const long = compileChatTemplate("{% for i in range(30000) %}{{ i }}{% endfor %}", {});
  for (let i = 0; i < 8; i++) assert.equal(long([], true).length, 138_890);
});
