// Runs the tests of the WebGPU provider, after a build, on the software driver that Chromium includes (no GPU needed):
//   node scripts/webgpu-test.mjs
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { tryEngine } from "../dist/src/engine/trial.js";
import { chromium } from "../dist/test/browser/chromium.js";

const browser = chromium();
// On Debian, the program on the PATH is a script that starts the binary in /usr/lib.
const places = browser ? [dirname(realpathSync(browser)), "/usr/lib/chromium"] : [];
const folder = places.find((place) => existsSync(join(place, "vk_swiftshader_icd.json")));
if (folder === undefined) {
  console.log(
    "WebGPU test: skipped, because no Chromium or Chrome was found with a driver beside it; set CHROME_PATH to one",
  );
} else {
  process.env.VK_ICD_FILENAMES = join(folder, "vk_swiftshader_icd.json");
  process.env.LD_LIBRARY_PATH = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  // The tests skip themselves if no device works; here one must.
  const trial = await tryEngine({ provider: "webgpu" });
  console.log("WebGPU on the driver in", folder, trial);
  process.exitCode =
    "reason" in trial
      ? 1
      : spawnSync(process.execPath, ["scripts/test.mjs", "engine/onnx/webgpu.test"], { stdio: "inherit" }).status;
}
