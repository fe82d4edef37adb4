import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { InputError } from "../../src/base/errors.js";
import { cell, display } from "../../src/notebook/display.js";
import { listeningHost } from "./listening-host.js";

it("outside a kernel, text is printed and nothing interrupts", () => {
  const code = `
    import { cell, display } from "${new URL("../../src/notebook/display.js", import.meta.url)}";
    await display({ a: 1 });
    await display({ [Symbol.for("Jupyter.display")]: () => ({ "image/png": "…" }) });
    cell.reporter.start("align", 3).finish();
    console.log(cell.signal.aborted);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  assert.equal(stdout, "{ a: 1 }\n(image/png)\nfalse\n");
  assert.equal(stderr, "align  0/3\nalign  0/3  in 0:00\n");
});

it("in a cell, a value is shown at once, and can be changed by its name", async () => {
  const abort = new AbortController();
  const shown = listeningHost(abort.signal);
  await display(1);
  await display("a", { id: "x" });
  await display("b", { id: "x", update: true });
  assert.deepEqual(shown, [
    { bundle: { "text/plain": "1" }, id: undefined, update: false },
    { bundle: { "text/plain": "'a'" }, id: "x", update: false },
    { bundle: { "text/plain": "'b'" }, id: "x", update: true },
  ]);
  await assert.rejects(display(1, { update: true }), new InputError("display: update needs the id of the output to change"));
  assert.equal(cell.signal, abort.signal);
});
