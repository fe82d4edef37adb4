import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { run, workFolder } from "../support/command.js";

const folder = workFolder();
const root = new URL("../../../", import.meta.url);

it("sera --version prints the package's version", async () => {
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { version: string };
  for (const flag of ["--version", "-V"]) {
    const { code, stdout } = await run([flag], folder);
    assert.deepEqual([code, stdout.trim()], [0, version]);
  }
});

it("sera loads only the code of the command that is given", async () => {
  for (const [args, loaded, not] of [
    [["--version"], "cli/main.js", "cli/kernel.js"],
    [["kernel", "--help"], "cli/kernel.js", "engine/create-engine.js"],
    [["align", "--help"], "cli/align.js", "plot/index.js"],
  ] as const) {
    const reports = mkdtempSync(join(folder, "loaded-"));
    assert.equal((await run(args, folder, { NODE_V8_COVERAGE: reports })).code, 0);
    const [report] = readdirSync(reports).map((name) => readFileSync(join(reports, name), "utf8"));
    const { result } = JSON.parse(report!) as { result: readonly { readonly url: string }[] };
    const modules = result.flatMap(({ url }) => url.split("/dist/src/")[1] ?? []);
    assert.ok(modules.includes(loaded), `${args.join(" ")}: ${loaded}`);
    assert.ok(!modules.includes(not), `${args.join(" ")}: ${not}`);
  }
});

it("sera advises on an option by the commands that have it", async () => {
  for (const [args, advice] of [
    [["inspect", "--beta", "1"], "it belongs to sera align"],
    [["align", "--bta", "1"], "did you mean --beta?"],
    [["nonsense"], "the commands are quickstart, align, sft,"],
  ] as const) {
    const { code, stderr } = await run(args, folder);
    assert.equal(code, 1);
    assert.ok(stderr.includes(advice), stderr);
  }
});
