import type { Locator } from "playwright-core";
import { expect, type Checks } from "../checks.js";
import type { Notebook } from "../notebook.js";
import { until } from "../until.js";

/** Runs every cell and checks the outputs. */
export async function quickstart(notebook: Notebook, checks: Checks): Promise<void> {
  const count = await notebook.cells.count();
  const plots = await plotCells(notebook.panel);
  await notebook.menu("Run", "Run All Cells");
  await checks.check("progress is one line for each phase, changed in place", () => watchProgress(notebook, checks));
  await checks.check("all cells run", async () => {
    for (let i = 0; i < count; i++) await notebook.ended(i, 150);
    await notebook.idle();
    const errors = await notebook.errors.allTextContents();
    expect(errors.length === 0, errors.join("\n"), "no error");
    return `${count} cells without an error`;
  });
  for (let i = 0; i < count; i++) {
    await notebook.cell(i).scrollIntoViewIfNeeded();
    await checks.picture(`quickstart-${i + 1}`, notebook.cell(i));
  }
  await checks.check("tables show the types of their columns", () => typesOf(notebook.panel));
  await checks.check("a table's pages turn by a click", () => turnPage(notebook, checks));
  await checks.check("plots are drawn live", () => livePlots(notebook.panel, plots));
  await checks.check("a mark of a plot shows a tooltip", () => hoverMark(notebook, checks));
}

/** Follows the first cell that trains from its start to its end. */
async function watchProgress(notebook: Notebook, checks: Checks): Promise<string> {
  const sources = await notebook.cells.locator(".cm-content").allTextContents();
  const index = sources.findIndex((source) => /await (align|sera)\(/.test(source));
  expect(index >= 0, "no cell that trains", "one");
  // The notebook may have cell numbers and outputs of an earlier run.
  await until("cells that wait", async () => (await notebook.prompt(index)) === "[*]:");
  const outputs = notebook.outputs(index);
  const states: string[][] = [];
  let pictured = false;
  await until(
    "the end of training",
    async () => {
      const texts = (await outputs.allInnerTexts()).map((text) => text.trim());
      states.push(texts);
      if (!pictured && /^align .* loss /s.test(texts.at(-1) ?? "")) {
        pictured = true;
        await notebook.cell(index).scrollIntoViewIfNeeded();
        await checks.picture("training", notebook.page);
      }
      return /\[\d+\]/.test(await notebook.prompt(index));
    },
    120,
  );
  const last = (await outputs.allInnerTexts()).map((text) => text.trim()).slice(0, -1);
  const [first, ...phases] = last;
  expect(
    /^new run in runs\/dpo-/.test(first!) && phases.every((text) => /^✓ .* in \d+:\d\d/.test(text)),
    JSON.stringify(last),
    "the run's folder, and lines that tell the end of their phase",
  );
  const changes = last.map((_, i) => new Set(states.flatMap((texts) => texts[i] ?? [])).size - 1);
  expect(Math.max(...changes) >= 2, `${changes.join(", ")} changes`, "a line that changed at least twice");
  expect(
    states.every((texts) => texts.length <= last.length + 1),
    "more outputs while it ran",
    "those that stay",
  );
  return `${last.length} lines, which changed ${changes.join(", ")} times, the last: ${last.at(-1)}`;
}

/** Checks that every table shows a type below the name of each column. */
export async function typesOf(page: Locator): Promise<string> {
  const tables = await page.locator(".sera-table").all();
  expect(tables.length > 0, "no table", "some");
  const kinds = new Set<string>();
  for (const table of tables) {
    const heads = table.locator("section").first().locator("th");
    const below = await heads.locator("small").allTextContents();
    const strange = below.filter((kind) => !/^(text|integer|number|boolean|date|list|object|mixed|empty)$/.test(kind));
    expect(
      below.length === (await heads.count()) && strange.length === 0,
      JSON.stringify(below),
      "a type below each name",
    );
    below.forEach((kind) => kinds.add(kind));
  }
  return `${tables.length} tables, columns of ${[...kinds].join(", ")}`;
}

async function turnPage(notebook: Notebook, checks: Checks): Promise<string> {
  const table = notebook.panel.locator(".sera-table", { has: notebook.page.locator("label") }).first();
  const open = table.locator("section:visible");
  const firstCell = async () => (await open.locator("td").first().innerText()).trim();
  const before = await firstCell();
  await table.locator("label", { hasText: "2" }).first().click();
  const after = await until("another page", async () => (await firstCell()) !== before && firstCell());
  expect((await open.count()) === 1, `${await open.count()} pages at once`, "one");
  await checks.picture("table-page-2", table);
  return `${before} → ${after}, ${(await open.innerText()).split("\n").at(-1)}`;
}

/** Number of cells of a page that draw a plot. */
export async function plotCells(page: Locator): Promise<number> {
  const sources = await page.locator(".jp-CodeCell .jp-InputArea").allTextContents();
  return sources.filter((source) => /\bplot\.\w+\(/.test(source)).length;
}

/** Checks that JupyterLab itself draws every plot, instead of showing the picture sent with it. */
export async function livePlots(page: Locator, wanted: number): Promise<string> {
  const drawn = page.locator(".vega-embed :is(canvas, svg.marks)");
  await until(`${wanted} plots`, async () => (await drawn.count()) === wanted);
  const sizes = await Promise.all((await drawn.all()).map(async (plot) => plot.boundingBox()));
  const small = sizes.filter((box) => !box || box.width < 300 || box.height < 100);
  expect(small.length === 0, JSON.stringify(small), "plots of at least 300 × 100");
  const room = (await page.boundingBox())!;
  const wide = sizes.filter((box) => box!.x + box!.width > room.x + room.width);
  expect(wide.length === 0, JSON.stringify(wide), "plots that fit into the notebook");
  return `${wanted}, ${sizes.map((box) => `${Math.round(box!.width)} × ${Math.round(box!.height)}`).join(", ")}`;
}

/** Moves the mouse over the plots until a tooltip appears. */
async function hoverMark(notebook: Notebook, checks: Checks): Promise<string> {
  const tooltip = notebook.page.locator("#vg-tooltip-element.visible");
  for (const plot of await notebook.panel.locator(".vega-embed :is(canvas, svg.marks)").all()) {
    await plot.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await plot.boundingBox())!;
    for (let across = 0.15; across < 1; across += 0.02) {
      for (let down = 0.3; down < 0.9; down += 0.04) {
        await notebook.page.mouse.move(x + across * width, y + down * height);
        if (!(await tooltip.isVisible())) continue;
        await checks.picture("plot-tooltip", notebook.page);
        return (await tooltip.innerText()).replace(/\s+/g, " ");
      }
    }
  }
  throw new Error("found no tooltip on any plot, expected one over its marks");
}
