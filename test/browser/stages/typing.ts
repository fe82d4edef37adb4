import { expect, type Checks } from "../checks.js";
import type { Notebook } from "../notebook.js";
import { until } from "../until.js";

/** Checks help while typing, and the errors of code that fails. */
export async function typing(notebook: Notebook, checks: Checks): Promise<void> {
  const { page } = notebook;
  const clear = async () => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.press("Delete");
  };
  await notebook.run('import { Random, align, loadModel, loadPreferences, world } from "sera-lab";');

  await checks.check("Tab completes", async () => {
    const index = await notebook.type("Random.se");
    await page.keyboard.press("Tab");
    const offers = page.locator(".jp-Completer:visible");
    const offered = await until("offers", async () => (await offers.isVisible()) && offers.innerText());
    await checks.picture("completion", page);
    expect(/seeded/.test(offered) && /method/.test(offered), offered, "seeded, a method");
    await page.keyboard.press("Enter");
    const typed = await notebook.cell(index).locator(".cm-content").innerText();
    expect(typed === "Random.seeded", typed, "Random.seeded");
    return offered.replace(/\s+/g, " ");
  });
  await clear();

  await checks.check("Shift+Tab shows the signature", async () => {
    await notebook.type("loadPreferences");
    await page.keyboard.press("Shift+Tab");
    const tooltip = page.locator(".jp-Tooltip:visible");
    const told = await until("a tooltip", async () => (await tooltip.isVisible()) && tooltip.innerText());
    await checks.picture("signature", page);
    expect(
      /function loadPreferences\(\w+: string, options\?: PreferenceOptions\): Promise</.test(told),
      told,
      "its types",
    );
    expect(/Loads preference pairs/.test(told), told, "what it does");
    return told.split("\n")[0]!;
  });
  await clear();

  await checks.check("an error shows its name, message and line", async () => {
    const index = await notebook.run(
      "interface Reviewed { readonly margin?: { readonly mean: number } }\n" +
        "function meanOf(pair: Reviewed): number {\n  return pair.margin!.mean;\n}\nmeanOf({});",
    );
    const told = await notebook.text(index);
    expect(/TypeError: Cannot read properties of undefined/.test(told), told, "the error's name and message");
    expect(/▶ 3 │ {3}return pair\.margin!\.mean;\n {4}│ +\^/.test(told), told, "line 3 as typed, with a mark");
    await checks.picture("error", notebook.cell(index));
    return told.split("\n")[0]!;
  });
  await checks.check("a wrong type is reported before the cell runs", async () => {
    const index = await notebook.run('const half: number = "0.5";');
    const told = await notebook.text(index);
    expect(
      /TypeCheckError: .*Type 'string' is not assignable to type 'number'/.test(told),
      told,
      "TypeScript's message",
    );
    return told.split("\n")[0]!;
  });
}
