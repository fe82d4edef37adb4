import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { chromium as driver, type Page } from "playwright-core";
import { Checks, expect } from "./checks.js";
import { Lab } from "./lab.js";
import { Notebook } from "./notebook.js";
import { interrupts } from "./stages/interrupts.js";
import { converted, dark, saved } from "./stages/looks.js";
import { quickstart } from "./stages/quickstart.js";
import { typing } from "./stages/typing.js";

/**
 * Drives JupyterLab in Chromium.
 *
 * @param python the Python of an environment with JupyterLab
 * @param browser the path of a Chromium
 * @param out a folder for pictures and logs; emptied first
 * @returns the number of failed checks
 */
export async function browserTest(python: string, browser: string, out: string): Promise<number> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const chromium = await driver.launch({ executablePath: browser });
  const lab = await Lab.start(python, resolve("notebooks"), join(out, "lab.log")).catch(async (error: unknown) => {
    await chromium.close();
    throw error;
  });
  try {
    const look = { viewport: { width: 1280, height: 1000 }, deviceScaleFactor: 2 };
    const page = await chromium.newPage(look);
    page.setDefaultTimeout(20_000);
    const complaints = complaintsOf(page);
    const checks = new Checks(page, out);
    await checks.check("quickstart", async () => {
      const notebook = await Notebook.open(page, lab, "00-quickstart.ipynb");
      await quickstart(notebook, checks);
      await dark(notebook, checks);
      await saved(notebook, lab, checks);
      await converted(join(lab.folder, notebook.name), await chromium.newPage(look), python, out, checks);
      return "looked at";
    });
    await checks.check("a new notebook", async () => {
      const notebook = await Notebook.create(page, lab, "typed.ipynb");
      await typing(notebook, checks);
      await interrupts(notebook, checks);
      return "used";
    });
    await checks.check("the page reports no errors", async () => {
      expect(
        complaints.length === 0,
        `${complaints.length} errors in its console, the first: ${complaints[0]}`,
        "none (see console.txt)",
      );
      return "no errors in its console";
    });
    if (checks.failed > 0) await writeFile(join(out, "console.txt"), complaints.join("\n"));
    return checks.failed;
  } finally {
    await chromium.close();
    await lab.close();
  }
}

/** Collects the page's errors as they occur. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  return complaints;
}
