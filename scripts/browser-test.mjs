// Drives JupyterLab in Chromium, after a build, and saves screenshots:
//   node scripts/browser-test.mjs [folder for the screenshots, default runs/browser]
import { resolve } from "node:path";
import { labEnvironment } from "./lab-environment.mjs";
import { chromium } from "../dist/test/browser/chromium.js";
import { browserTest } from "../dist/test/browser/main.js";

const out = resolve(process.argv[2] ?? "runs/browser");
const browser = chromium();
if (!browser) {
  console.log("browser test: skipped, because no Chromium or Chrome was found; set CHROME_PATH to one");
} else {
  const python = await labEnvironment(resolve(".venv-lab"), "scripts/requirements-lab.txt");
  const failed = await browserTest(python, browser, out);
  console.log(failed === 0 ? `all seen; pictures in ${out}` : `${failed} checks failed; pictures and logs in ${out}`);
  process.exitCode = failed === 0 ? 0 : 1;
}
