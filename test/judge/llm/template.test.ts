import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { loadTemplate } from "../../../src/judge/llm/template.js";
import { emptyFolder } from "../../support/folder.js";

function file(test: TestContext, text: string): string {
  const path = join(emptyFolder(test), "own.md");
  writeFileSync(path, text);
  return path;
}

describe("loadTemplate", () => {
  it("fills placeholders with literal text", async (test) => {
    const { fill, sha256 } = await loadTemplate(file(test, '{{a}} and {{ b }}, {{a}}; {"json": {}}'), ["a", "b"]);
    assert.equal(fill({ a: "{{b}} $& $1", b: "{{a}}" }), '{{b}} $& $1 and {{a}}, {{b}} $& $1; {"json": {}}');
    assert.match(sha256, /^[0-9a-f]{64}$/);
  });

  it("refuses a missing or unknown placeholder and names the file", async (test) => {
    const missing = file(test, "only {{a}}");
    await assert.rejects(loadTemplate(missing, ["a", "b"]), {
      message: `${missing}: the placeholder {{b}} is missing; this template needs {{a}}, {{b}}`,
    });
    const unknown = file(test, "{{a}} {{b}} {{c}}");
    await assert.rejects(loadTemplate(unknown, ["a", "b"]), {
      message: `${unknown}: unknown placeholder "{{c}}"; this template has {{a}}, {{b}}`,
    });
    await assert.rejects(loadTemplate(file(test, "{{a}} {{}}"), ["a"]), /unknown placeholder "{{}}"/);
  });

  it("refuses a file that cannot be read", async (test) => {
    const folder = emptyFolder(test);
    await assert.rejects(
      loadTemplate(join(folder, "no.md"), ["a"]),
      /no\.md: no such file; give the path of a judge's prompt template/,
    );
    await assert.rejects(loadTemplate(folder, ["a"]), /: cannot be read \(EISDIR\)/);
  });
});
