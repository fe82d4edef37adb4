// Builds the docs site, checks all its links, and opens it in Chromium, from files and without a network:
//     node scripts/docs-test.mjs [folder for site and screenshots, default runs/docs]
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium as playwright } from "playwright-core";
import { chromium } from "../dist/test/browser/chromium.js";

const out = resolve(process.argv[2] ?? "runs/docs");
const site = join(out, "site");
rmSync(out, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, ["scripts/docs-site/build.mjs", site], { stdio: "inherit" });
if (status !== 0) process.exit(1);

let failed = 0;
function check(what, holds) {
  console.log(`${holds ? "ok" : "FAILED"}: ${what}`);
  if (!holds) failed++;
}

const pages = readdirSync(site, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".html"));
const broken = pages.flatMap((page) => {
  const text = readFileSync(join(site, page), "utf8");
  const targets = [...text.matchAll(/(?:href|src)="([^"#]+)(?:#[^"]*)?"/g)]
    .map(([, target]) => target)
    .filter((target) => !/^(?:[a-z]+:|\/\/)/.test(target));
  return targets
    .filter((target) => !existsSync(join(dirname(join(site, page)), decodeURIComponent(target))))
    .map((target) => `${page}: ${target}`);
});
check(
  `links of ${pages.length} pages lead to files${broken.length > 0 ? `; ${broken.length} do not: ${broken.slice(0, 5).join(", ")}` : ""}`,
  pages.length > 100 && broken.length === 0,
);

const browser = chromium();
if (!browser) {
  console.log("the rest is skipped, because no Chromium or Chrome was found; set CHROME_PATH to one");
} else {
  const driver = await playwright.launch({
    executablePath: browser,
    args: ["--no-sandbox", "--allow-file-access-from-files"],
  });
  try {
    await look(driver);
  } finally {
    await driver.close();
  }
}
process.exitCode = failed === 0 ? 0 : 1;

async function look(driver) {
  const page = await driver.newPage({ viewport: { width: 1280, height: 900 } });
  const asked = [];
  page.on(
    "request",
    (request) => request.url().startsWith("file:") || request.url().startsWith("data:") || asked.push(request.url()),
  );
  const open = (name) => page.goto(pathToFileURL(join(site, name)).href);
  await open("index.html");
  await page.screenshot({ path: join(out, "index.png") });

  await page.keyboard.press("/");
  await page.locator("#tsd-search-input").fill("selectTop");
  await page.locator("#tsd-search-results li a").first().waitFor();
  check("the search finds a function", (await page.locator("#tsd-search-results").textContent()).includes("selectTop"));
  await page.locator("#tsd-search-input").fill("byte-identical");
  await page.waitForTimeout(500);
  check("and a guide by its words", (await page.locator("#tsd-search-results li a").count()) > 0);
  await page.keyboard.press("Escape");

  await open("functions/sera-lab.sera.html");
  const text = await page.locator(".col-content").textContent();
  check(
    "a function has its parameters, errors and an example",
    ["Parameters", "InputError", "await sera("].every((part) => text.includes(part)),
  );

  const brightness = () =>
    page.evaluate(() =>
      getComputedStyle(document.body)
        .backgroundColor.match(/\d+/g)
        .slice(0, 3)
        .reduce((sum, part) => sum + Number(part), 0),
    );
  await page.emulateMedia({ colorScheme: "light" });
  const light = await brightness();
  await page.emulateMedia({ colorScheme: "dark" });
  check("it is dark where the reader is", light > 600 && (await brightness()) < 200);
  await page.screenshot({ path: join(out, "dark.png") });

  await page.setViewportSize({ width: 390, height: 800 });
  for (const name of [
    "index.html",
    "functions/sera-lab.sera.html",
    ...pages.filter((one) => one.startsWith("documents")),
  ]) {
    await open(name);
    const beyond = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    check(`${name} fits a phone`, beyond <= 0);
  }
  await page.screenshot({ path: join(out, "phone.png") });
  check(
    `nothing is asked of the network${asked.length > 0 ? `: ${asked.slice(0, 3).join(", ")}` : ""}`,
    asked.length === 0,
  );
}
