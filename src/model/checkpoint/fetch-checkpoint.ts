import { inputError } from "../../base/errors.js";
import type { TaskOptions } from "../../base/task.js";
import { openRepository } from "../../hub/repository.js";
import { describeRepository, type RepositoryName } from "../../hub/repository-name.js";
import { chooseGguf } from "./gguf/choose-file.js";

/** Settings, tokenizer and chat template; code and pickles are never downloaded. */
const besideWeights: ReadonlySet<string> = new Set([
  "config.json",
  "generation_config.json",
  "adapter_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "tokenizer.model",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "chat_template.jinja",
  "chat_template.json",
]);

/**
 * Downloads a checkpoint from the hub to the cache: its config, tokenizer and weights, in one form if the repository has several;
 * or one GGUF file, if a quantisation is named or there is nothing else.
 *
 * @param quantization of the GGUF file, such as `Q8_0`
 * @param work `onProgress` reports bytes, unless everything is already in the cache
 * @returns its folder, in Hugging Face layout, or the path of the GGUF file
 * @throws InputError if the repository has neither safetensors nor GGUF, or several GGUF files and none is named; see
 *   {@link openRepository} for the others
 */
export async function fetchCheckpoint(
  name: RepositoryName,
  quantization?: string,
  work: TaskOptions = {},
): Promise<string> {
  const repository = await openRepository(name, work.signal);
  const weights = quantization === undefined ? weightFiles(repository.paths) : [];
  if (weights.length === 0) {
    const parts = chooseGguf(repository.paths, describeRepository(name), quantization);
    if (parts.length > 0) {
      const paths: string[] = [];
      for await (const path of repository.download(parts, work)) paths.push(path);
      return paths[0]!;
    }
    if (quantization !== undefined)
      throw inputError({ file: describeRepository(name) }, "no GGUF file", `one in ${quantization}`);
    const others = repository.paths.filter((path) => /\.(?:bin|pt|pth|ckpt|h5|msgpack|onnx)$/.test(path));
    const found = others.length > 0 ? `, only ${others.slice(0, 3).join(", ")}` : "";
    const expected =
      "a model with *.safetensors (a conversion may wait among its pull requests: give revision refs/pr/<number>)";
    throw inputError({ file: describeRepository(name) }, `no safetensors${found}`, expected);
  }
  const files = [...repository.paths.filter((path) => besideWeights.has(path)), ...weights];
  for await (const _ of repository.download(files, work));
  return repository.folder;
}

/** The single weight file that transformers reads, else the shards with their index, else any safetensors files. */
function weightFiles(paths: readonly string[]): string[] {
  if (paths.includes("model.safetensors")) return ["model.safetensors"];
  const shards = paths.filter((path) => /^model-\d+-of-\d+\.safetensors$|^model\.safetensors\.index\.json$/.test(path));
  return shards.length > 0 ? shards : paths.filter((path) => /^[^/]+\.safetensors$/.test(path));
}
