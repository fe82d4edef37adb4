import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startKernel, type Kernel } from "../support/jupyter-client.js";

/* Runs every example of docs/extending.md as a cell. */
const sections = readFileSync("docs/extending.md", "utf8").split(/^## /m);
const cellsOf = (section: string) => [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);

describe("docs/extending.md", () => {
  const folder = mkdtempSync(join(tmpdir(), "sera-extending-"));
  let kernel: Kernel;

  before(async () => {
    kernel = await startKernel({ cwd: folder });
    for (const code of cellsOf(sections[0]!)) await succeed(code);
  });
  after(async () => {
    await kernel.stop();
    rmSync(folder, { recursive: true });
  });

  async function succeed(code: string): Promise<void> {
    const { reply } = await kernel.execute(code);
    assert.equal(reply.content.status, "ok", `${code}\n${reply.content.ename}: ${reply.content.evalue}`);
  }

  for (const section of sections.slice(1)) {
    const [title] = section.split("\n") as [string];
    for (const code of cellsOf(section)) {
      it(`${title} has at most 15 lines and runs`, async () => {
        const own = code
          .split("\n")
          .filter((line) => line.trim() !== "" && !line.startsWith("import") && !line.trim().startsWith("/**"));
        assert.ok(own.length <= 15, `${own.length} lines`);
        await succeed(code);
      });
    }
  }
});
