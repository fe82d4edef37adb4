import { providers, type Provider } from "../../engine/onnx/providers.js";
import { tryEngine } from "../../engine/trial.js";
import { absent, bad, good, rateOf, type Finding } from "./finding.js";
import { load, versionOf } from "./packages.js";

/** Checks which execution providers of this onnxruntime-node build run a graph here, and how fast. */
export async function checkProviders(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const provider of builtWith()) findings.push(await check(provider));
  return findings;
}

/** Providers in this build; if onnxruntime does not load, the CPU, whose check then reports the reason. */
function builtWith(): Provider[] {
  try {
    const { listSupportedBackends } = load("onnxruntime-node") as { listSupportedBackends(): { name: string }[] };
    const built = listSupportedBackends().map(({ name }) => name);
    return providers.filter((provider) => built.includes(provider));
  } catch {
    return ["cpu"];
  }
}

async function check(provider: Provider): Promise<Finding> {
  const trial = await tryEngine({ provider });
  if ("gflops" in trial) {
    const { gflops, drivers } = trial;
    const by = drivers.length > 0 ? ` by ${drivers.join(" or ")}` : "";
    return good(`${provider} (onnxruntime-node ${versionOf("onnxruntime-node")}): ${rateOf(gflops)}${by}`);
  }
  if (provider === "cpu")
    return bad(`cpu does not run: ${trial.reason}`, "npm rebuild onnxruntime-node, or a fresh npm ci");
  return absent(`${provider} does not run here: ${trial.reason}`, "what it needs is in docs/gpu.md");
}
