import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import type { Lab } from "./lab.js";
import { until } from "./until.js";

const kernelspec = { display_name: "SeRA (TypeScript)", language: "typescript", name: "sera" };
const emptyCell = { cell_type: "code", execution_count: null, id: "first", metadata: {}, outputs: [], source: [] };

/** A notebook that is open in JupyterLab, used with mouse and keyboard. Indices count code cells from 0. */
export class Notebook {
  private constructor(
    readonly page: Page,
    readonly name: string,
  ) {}

  /** Opens a notebook of the server's folder and waits for its kernel. */
  static async open(page: Page, lab: Lab, name: string): Promise<Notebook> {
    await page.goto(lab.addressOf(name));
    const notebook = new Notebook(page, name);
    // The toolbar's indicator shows idle before there is a kernel; cells started that early do not run.
    await page.locator("#jp-main-statusbar", { hasText: "SeRA (TypeScript) | Idle" }).waitFor({ timeout: 60_000 });
    await page.locator(".jp-Spinner").waitFor({ state: "detached" });
    return notebook;
  }

  /** Creates a notebook with one empty cell and opens it. */
  static async create(page: Page, lab: Lab, name: string): Promise<Notebook> {
    await writeFile(
      join(lab.folder, name),
      JSON.stringify({ cells: [emptyCell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 }),
    );
    return Notebook.open(page, lab, name);
  }

  get panel(): Locator {
    return this.page.locator(".jp-NotebookPanel:visible");
  }

  get cells(): Locator {
    return this.panel.locator(".jp-Notebook .jp-CodeCell");
  }

  cell(index: number): Locator {
    return this.cells.nth(index);
  }

  /** The outputs below a cell. */
  outputs(index: number): Locator {
    return this.cell(index).locator(".jp-OutputArea-output");
  }

  /** Every error of a cell. */
  get errors(): Locator {
    return this.panel.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']");
  }

  /** The text of all outputs below a cell. */
  async text(index: number): Promise<string> {
    await this.cell(index).scrollIntoViewIfNeeded();
    return (await this.outputs(index).allInnerTexts()).join("\n").trim();
  }

  /** Chooses a command in the menu bar. */
  async menu(...path: readonly string[]): Promise<void> {
    const [top, ...rest] = path;
    await this.page.locator(".lm-MenuBar-itemLabel", { hasText: new RegExp(`^${top}$`) }).click();
    for (const label of rest) {
      await this.page.locator(".lm-Menu:last-of-type .lm-Menu-itemLabel", { hasText: label }).first().click();
    }
  }

  /** Clicks a button of the notebook's toolbar, by its command. */
  async press(command: string): Promise<void> {
    await this.panel.locator(`.jp-NotebookPanel-toolbar [data-command="${command}"]`).click();
  }

  /** `idle`, `busy`, `starting`, … as the toolbar shows it. */
  async status(): Promise<string> {
    return (await this.panel.locator(".jp-Notebook-ExecutionIndicator").getAttribute("data-status")) ?? "";
  }

  async idle(seconds = 60): Promise<void> {
    await until("an idle kernel", async () => (await this.status()) === "idle", seconds);
  }

  async busy(): Promise<void> {
    await until("a busy kernel", async () => (await this.status()) === "busy");
  }

  /** Types code into the last cell, which is empty, and returns its index. */
  async type(code: string): Promise<number> {
    const index = (await this.cells.count()) - 1;
    await this.cell(index).locator(".cm-content").click();
    await this.page.keyboard.insertText(code);
    return index;
  }

  /** Types code into the last cell and starts it, which adds a cell below. */
  async start(code: string): Promise<number> {
    const index = await this.type(code);
    await this.page.keyboard.press("Shift+Enter");
    return index;
  }

  /** Runs code in the last cell to its end. */
  async run(code: string, seconds = 60): Promise<number> {
    const index = await this.start(code);
    await this.ended(index, seconds);
    return index;
  }

  /** Waits until a started cell has ended. */
  async ended(index: number, seconds = 60): Promise<void> {
    await until(`the end of cell ${index}`, async () => /\[\d+\]/.test(await this.prompt(index)), seconds);
  }

  /** `[3]:`, `[*]:` of a cell that runs or waits, or `[ ]:`. */
  async prompt(index: number): Promise<string> {
    // A cell far outside the window has no layout and thus no innerText.
    return (await this.cell(index).locator(".jp-InputPrompt").textContent()) ?? "";
  }
}
