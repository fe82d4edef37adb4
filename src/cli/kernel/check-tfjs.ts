import { backendNames, type BackendName } from "../../engine/tfjs/backend-names.js";
import { installed } from "../../engine/tfjs/backends.js";
import { tryEngine } from "../../engine/trial.js";
import { absent, good, rateOf, type Finding } from "./finding.js";

/** Checks which TensorFlow.js backends are installed and run a graph here, and how fast. */
export async function checkTfjs(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const backend of backendNames) findings.push(await check(backend));
  return findings;
}

async function check(backend: BackendName): Promise<Finding> {
  const { name, version, install } = installed(backend);
  if (version === undefined) return absent(`${backend}: ${name} is not installed`, `npm install ${install}`);
  const trial = await tryEngine({ engine: "tfjs", backend });
  if ("gflops" in trial) return good(`${backend} (${name} ${version}): ${rateOf(trial.gflops)}`);
  return absent(`${backend} does not run here: ${trial.reason}`, "what it needs is in docs/engines.md");
}
