import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Locator, Page } from "playwright-core";
import { expect, type Checks } from "../checks.js";
import type { Lab } from "../lab.js";
import { Notebook } from "../notebook.js";
import { until } from "../until.js";
import { livePlots, plotCells, typesOf } from "./quickstart.js";

/** Checks the outputs of a notebook that has run, in JupyterLab's dark theme. */
export async function dark(notebook: Notebook, checks: Checks): Promise<void> {
  const theme = async (name: string) => {
    await notebook.menu("Settings", "Theme", name);
    await until(name, async () => (await notebook.page.locator(`body[data-jp-theme-name="${name}"]`).count()) > 0);
  };
  await theme("JupyterLab Dark");
  await checks.check("tables and texts are readable in the dark theme", async () => {
    const parts = { table: ".sera-table td", progress: ".jp-RenderedHTMLCommon b", pair: ".jp-RenderedHTMLCommon u" };
    const seen: string[] = [];
    for (const [name, selector] of Object.entries(parts)) {
      const brightness = await brightnessOf(notebook.panel.locator(`.jp-OutputArea ${selector}`).first());
      expect(brightness > 0.6, `${name} of brightness ${brightness}`, "light text");
      seen.push(`${name} ${brightness.toFixed(2)}`);
    }
    return `brightness of text: ${seen.join(", ")}`;
  });
  for (const [i, cell] of (await notebook.cells.all()).entries()) {
    await cell.scrollIntoViewIfNeeded();
    await checks.picture(`dark-${i + 1}`, cell);
  }
  await theme("JupyterLab Light");
}

/** Brightness of an element's text, from 0 (black) to 1 (white). */
async function brightnessOf(element: Locator): Promise<number> {
  const color: string = await element.evaluate((node) => node.ownerDocument.defaultView!.getComputedStyle(node).color);
  const channels = color
    .match(/\d+(\.\d+)?/g)!
    .slice(0, 3)
    .map(Number);
  return channels.reduce((sum, channel) => sum + channel, 0) / (3 * 255);
}

/** Checks the saved outputs, in a copy that JupyterLab does not trust, like one from another user. */
export async function saved(notebook: Notebook, lab: Lab, checks: Checks): Promise<void> {
  const { page } = notebook;
  await page.keyboard.press("ControlOrMeta+s");
  await page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty").waitFor({ state: "detached" });
  const content = JSON.parse(await readFile(join(lab.folder, notebook.name), "utf8"));
  content.cells[0].source = ["# From someone else"];
  await writeFile(join(lab.folder, "untrusted.ipynb"), JSON.stringify(content));
  const plots = await plotCells(notebook.panel);
  const untrusted = await Notebook.open(page, lab, "untrusted.ipynb");
  await checks.check("a saved notebook of someone else shows its tables", () => typesOf(untrusted.panel));
  await checks.check("the first of their pages", async () => {
    const table = untrusted.panel.locator(".sera-table", { has: page.locator("section[hidden]") }).first();
    await table.scrollIntoViewIfNeeded();
    const open = await table.locator("section:visible").count();
    expect(open === 1, `${open} pages at once`, "one");
    return (await table.locator("section:visible > div").textContent())!;
  });
  await checks.check("a saved notebook of someone else shows its plots", () => livePlots(untrusted.panel, plots));
  for (const [i, cell] of (await untrusted.cells.all()).entries()) {
    await cell.scrollIntoViewIfNeeded();
    await checks.picture(`untrusted-${i + 1}`, cell);
  }
}

/**
 * Checks the page that nbconvert creates from a saved notebook.
 *
 * @param file the notebook's file
 * @param page a page other than JupyterLab's
 * @param out where the page is saved
 */
export async function converted(file: string, page: Page, python: string, out: string, checks: Checks): Promise<void> {
  await promisify(execFile)(python, [
    "-m",
    "nbconvert",
    "--to",
    "html",
    "--output-dir",
    out,
    "--output",
    "converted.html",
    file,
  ]);
  await page.goto(pathToFileURL(join(out, "converted.html")).href);
  await checks.check("nbconvert's page shows tables", () => typesOf(page.locator("body")));
  await checks.check("nbconvert's page shows plots as pictures", async () => {
    const plots = page.locator(".jp-OutputArea-output svg:visible, .jp-OutputArea-output img:visible");
    const boxes = await Promise.all((await plots.all()).map((plot) => plot.boundingBox()));
    const wanted = await plotCells(page.locator("body"));
    expect(boxes.length === wanted, `${boxes.length} pictures`, `${wanted}`);
    return boxes.map((box) => `${Math.round(box!.width)} × ${Math.round(box!.height)}`).join(", ");
  });
  for (const [i, cell] of (await page.locator(".jp-CodeCell").all()).entries())
    await checks.picture(`converted-${i + 1}`, cell);
}
