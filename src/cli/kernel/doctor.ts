import { checkJupyter, everyDataFolder } from "./check-jupyter.js";
import { checkKernel } from "./check-kernel.js";
import { checkProviders } from "./check-providers.js";
import { checkSpecs } from "./check-specs.js";
import { checkTfjs } from "./check-tfjs.js";
import { checkOptionalPackages, checkVersions } from "./check-versions.js";
import { line, type Finding } from "./finding.js";

/** Milliseconds after which a slow check says what it is doing. */
const patience = 2000;

interface Part {
  readonly title: string;
  readonly doing: string;
  check(): Finding[] | Promise<Finding[]>;
}

const parts: readonly Part[] = [
  { title: "Kernel", doing: "starting the kernel", check: async () => [...checkVersions(), await checkKernel()] },
  {
    title: "Jupyter",
    doing: "asking Jupyter",
    check: async () => [...(await checkJupyter()), ...(await checkSpecs(await everyDataFolder()))],
  },
  {
    title: "Providers, where models run",
    doing: "trying the providers, each for up to a minute",
    check: checkProviders,
  },
  {
    title: "Backends of TensorFlow.js, with --engine tfjs",
    doing: "trying the backends of TensorFlow.js",
    check: checkTfjs,
  },
  { title: "Optional packages", doing: "", check: checkOptionalPackages },
];

/**
 * Checks everything that the kernel needs, and writes the findings to stdout.
 *
 * @returns whether no fault was found
 */
export async function doctor(): Promise<boolean> {
  let healthy = true;
  for (const { title, doing, check } of parts) {
    const waiting = setTimeout(() => process.stderr.write(`… ${doing}\n`), patience);
    const findings = await check();
    clearTimeout(waiting);
    process.stdout.write(`${title}\n${findings.map(line).join("")}\n`);
    healthy &&= findings.every(({ state }) => state !== "bad");
  }
  process.stdout.write(healthy ? "Nothing is in the kernel's way.\n" : "✗ marks what is in the kernel's way.\n");
  return healthy;
}
