import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { providers, type Provider } from "../../engine/onnx/engine.js";
import { absent, bad, good, reasonOf, type Finding } from "./finding.js";
import { load, versionOf } from "./packages.js";

/** How long a provider may take to come up and run one op, in seconds; the first start of a device compiles. */
const limit = 60;

/** Which of the providers that this onnxruntime-node was built with run a graph here. */
export async function checkProviders(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const provider of builtWith()) findings.push(await check(provider));
  return findings;
}

/** Without an onnxruntime that loads, the CPU is tried all the same: it tells why. */
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
  const reason = await failureOf(provider);
  if (reason === undefined) return good(`${provider} (onnxruntime-node ${versionOf("onnxruntime-node")})`);
  if (provider === "cpu") return bad(`cpu does not run: ${reason}`, "npm rebuild onnxruntime-node, or a fresh npm ci");
  // Before what is wrong, onnxruntime says where in its source that was found.
  return absent(`${provider} does not run here: ${reason.replace(/^.* was false\. /, "")}`, "what it needs is in docs/gpu.md");
}

/** Why a provider does not run; undefined where it does. */
function failureOf(provider: Provider): Promise<string | undefined> {
  const program = fileURLToPath(new URL("./try-provider.js", import.meta.url));
  const child = fork(program, [provider], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: [], timeout: limit * 1000 });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  let told: { readonly reason?: string } | undefined;
  child.on("message", (message) => (told = message as typeof told));
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(reasonOf(error)));
    child.on("close", (code, signal) => {
      const lastWords = stderr.trim().split("\n").at(-1);
      const end = signal === "SIGTERM" ? `it had not run after ${limit} s` : `its process ended (${signal ?? `exit code ${code}`})`;
      resolve(told ? told.reason && reasonOf(told.reason) : lastWords ? `${end}: ${lastWords}` : end);
    });
  });
}
