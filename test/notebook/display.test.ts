import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { InputError } from "../../src/base/errors.js";
import { cell, display } from "../../src/notebook/display.js";
import { listeningHost } from "./listening-host.js";

it("outside a kernel, text is printed and the signal is not aborted", () => {
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

it("shows HTML, Markdown, LaTeX, SVG, JSON and images under their media types", async () => {
  const shown = listeningHost(new AbortController().signal);
  await display.html("<b>1</b>");
  await display.markdown("**1**", { id: "m" });
  await display.latex("$1$");
  await display.svg("<svg/>");
  await display.json({ a: [1] });
  const png = Buffer.from("89504e470d0a1a0a", "hex");
  await display.image(png);
  assert.deepEqual(
    shown.map(({ bundle }) => bundle),
    [
      { "text/html": "<b>1</b>", "text/plain": "<b>1</b>" },
      { "text/markdown": "**1**", "text/plain": "**1**" },
      { "text/latex": "$1$", "text/plain": "$1$" },
      { "image/svg+xml": "<svg/>", "text/plain": "<svg/>" },
      { "application/json": { a: [1] }, "text/plain": "{ a: [ 1 ] }" },
      { "image/png": png.toString("base64"), "text/plain": "<Buffer 89 50 4e 47 0d 0a 1a 0a>" },
    ],
  );
  assert.equal(shown[1]!.id, "m");
  assert.throws(
    () => display.image(new Uint8Array(8)),
    new InputError("display.image: the bytes are no PNG, JPEG or GIF image"),
  );
});

it("in a cell, a value is shown at once and can be updated by its id", async () => {
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
  await assert.rejects(
    display(1, { update: true }),
    new InputError("display: update needs the id of the output to change"),
  );
  assert.equal(cell.signal, abort.signal);
});
