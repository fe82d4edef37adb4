import { expect, type Checks } from "../checks.js";
import type { Notebook } from "../notebook.js";
import { until } from "../until.js";

/** Longest time from an interrupt to the end of a cell that nothing delays, in seconds. */
const soon = 5;

/** Interrupts running cells and restarts the kernel. The notebook must have imported what they use. */
export async function interrupts(notebook: Notebook, checks: Checks): Promise<void> {
  const { page } = notebook;
  const byButton = () => notebook.press("notebook:interrupt-kernel");
  const byKeys = async () => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("i");
    await page.keyboard.press("i");
  };
  await checks.check("the toolbar's button stops an endless loop", () =>
    stopped(notebook, "while (true) {}", byButton),
  );
  await checks.check("I I stops an endless wait", () => stopped(notebook, "await new Promise(() => {})", byKeys));

  const training =
    "const { pairs } = await loadPreferences(world.train, { limit: 400 });\n" +
    "await align(await loadModel(world.sft), pairs, { epochs: 50 });";
  await checks.check("the toolbar's button stops training, which keeps its progress", async () => {
    const index = await notebook.start(training);
    await until("a training step", async () => / loss /.test(await notebook.text(index)), 60);
    await byButton();
    await notebook.ended(index, 15);
    const told = await notebook.text(index);
    await checks.picture("interrupted", notebook.cell(index));
    const line = /■ align .* stopped at [\d,/]+ steps after .*/.exec(told)?.[0];
    expect(
      line !== undefined && /Interrupted: /.test(told),
      told,
      "a line that says where it stopped, and the interrupt",
    );
    return `${line}; ${await answers(notebook)}`;
  });

  await checks.check("the kernel restarts from the menu", async () => {
    await notebook.run("const kept = 1;");
    await notebook.menu("Kernel", "Restart Kernel…");
    await page.locator(".jp-Dialog .jp-mod-accept").click();
    await until("a kernel that starts", async () => (await notebook.status()) !== "idle", 10);
    await notebook.idle();
    const index = await notebook.run("kept");
    const told = await notebook.text(index);
    expect(/Cannot find name 'kept'/.test(told), told, "nothing left of before");
    return answers(notebook);
  });
}

async function stopped(notebook: Notebook, code: string, interrupt: () => Promise<void>): Promise<string> {
  const index = await notebook.start(code);
  await notebook.busy();
  await interrupt();
  const begin = performance.now();
  await notebook.ended(index, soon);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  const told = await notebook.text(index);
  expect(/^Interrupted: /.test(told), told, "the interrupt");
  await notebook.idle();
  return `after ${seconds} s; ${await answers(notebook)}`;
}

/** Checks that the next cell runs at once. */
async function answers(notebook: Notebook): Promise<string> {
  const index = await notebook.run("6 * 7", soon);
  const told = await notebook.text(index);
  expect(told === "42", told, "42");
  return `then 6 * 7 is ${told}`;
}
