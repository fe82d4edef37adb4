import { existsSync } from "node:fs";
import { join } from "node:path";
import { answerOf } from "../../kernel/install/ask.js";
import { dataFolders, dataFoldersByJupyter } from "../../kernel/install/folders.js";
import { packageFolder } from "../../kernel/package-folder.js";
import { absent, good, type Finding } from "./finding.js";

/** The environment that `npm run lab` creates in a checkout. */
const labEnvironment = join(packageFolder, ".venv-lab");
const labPrograms = join(labEnvironment, process.platform === "win32" ? "Scripts" : "bin");

/** Jupyter commands that the doctor checks: the one on the PATH, and the one of `npm run lab`. */
const jupyters = ["jupyter", join(labPrograms, "jupyter")];

/** Checks whether a Jupyter is available to run notebooks, and which. */
export async function checkJupyter(): Promise<Finding[]> {
  const found = await Promise.all(jupyters.map(describe));
  const findings = found.filter((finding) => finding !== undefined);
  return findings.length > 0
    ? findings
    : [
        absent(
          "no Jupyter on the PATH",
          "pip install jupyterlab, or npm run lab in a checkout of sera-lab; VS Code needs none",
        ),
      ];
}

/** Every data folder that any Jupyter here searches. */
export async function everyDataFolder(): Promise<string[]> {
  const told = await Promise.all(jupyters.map(dataFoldersByJupyter));
  const known = dataFolders(existsSync(labEnvironment) ? [labEnvironment] : []);
  return [...new Set([...told.flatMap((folders) => folders ?? []), ...known])];
}

async function describe(jupyter: string): Promise<Finding | undefined> {
  const answer = await answerOf(jupyter, ["--version"]);
  if (answer === undefined) return undefined;
  const versions = new Map(
    answer.split("\n").map((line) => line.split(":").map((part) => part.trim()) as [string, string]),
  );
  const installed = ["jupyterlab", "notebook", "nbclient"].filter((name) => /^\d/.test(versions.get(name) ?? ""));
  const text = `${jupyter}: ${installed.map((name) => `${name} ${versions.get(name)}`).join(", ") || "no JupyterLab, no Notebook"}`;
  return installed.includes("jupyterlab") || installed.includes("notebook")
    ? good(text)
    : absent(text, "pip install jupyterlab");
}
