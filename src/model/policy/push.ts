import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError, missingError, quote } from "../../base/errors.js";
import { isMissing, readTextIfPresent } from "../../base/files.js";
import { checkOptionNames, namesOf } from "../../base/option-names.js";
import { modelCard, type CardTraining } from "../../hub/model-card.js";
import { isRepositoryName } from "../../hub/repository-name.js";
import { uploadModel, type Uploaded, type UploadFile, type UploadOptions } from "../../hub/upload.js";
import { isAdapterFile, isAdapterFolder } from "../checkpoint/adapters/adapter-files.js";
import { isCheckpointFile } from "../checkpoint/checkpoint.js";
import type { WeightOptions } from "../checkpoint/write-weights.js";
import type { Policy } from "./policy.js";
import { savePolicy } from "./policy-files.js";

/** How to upload a model to the hub, and what its card says beyond what the model itself contains. */
export interface PushOptions extends UploadOptions {
  /**
   * The model that was trained, by its name on the hub. Default: where the model was loaded from, if that is the hub.
   */
  readonly baseModel?: string | undefined;
  /** Names of the data sets on the hub that it was trained on. */
  readonly datasets?: readonly string[] | undefined;
}

/**
 * Options of {@link Policy.push}. The weight options are those of {@link Policy.save}; they do not apply to an adapter.
 */
export interface PushPolicyOptions extends PushOptions, WeightOptions {}

/** Names of the options of every push. */
export const pushOptionNames = namesOf<PushOptions>({
  baseModel: true,
  datasets: true,
  private: true,
  message: true,
  onProgress: true,
  signal: true,
});

/** See {@link Policy.push}. */
export async function pushPolicy(policy: Policy, name: string, given: PushPolicyOptions = {}): Promise<Uploaded> {
  checkOptionNames("push", given, [...pushOptionNames, "dtype", "maxShardBytes"]);
  const { dtype, maxShardBytes, ...options } = given;
  const { adapter } = policy.config;
  if (adapter && (dtype ?? maxShardBytes) !== undefined) {
    throw new InputError(
      `${dtype === undefined ? "maxShardBytes" : "dtype"}: an adapter is written in float32, in one file; leave it out, or save the merged model (policy.save) and push its folder with sera push`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "sera-push-"));
  try {
    const written = join(folder, "model");
    if (adapter) await savePolicy(policy, written);
    else await policy.save(written, { ...(dtype && { dtype }), ...(maxShardBytes !== undefined && { maxShardBytes }) });
    const about = { origin: policy.origin, extra: adapter ? textFiles(policy.tokenizer.files) : [] };
    return await pushFolder(written, name, about, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Information about a model beyond its files. */
export interface AboutModel {
  /** Where the trained model came from: a path, or a name on the hub. */
  readonly origin?: string | undefined;
  readonly training?: CardTraining | undefined;
  /** Files that are not in its folder: an adapter's tokenizer. */
  readonly extra?: readonly UploadFile[];
}

/**
 * Uploads the folder of a model or adapter to the hub, with a card; a README.md in the folder is used as the card.
 *
 * @throws InputError if the folder holds no model, an adapter's model is not on the hub, and as {@link uploadModel}
 */
export async function pushFolder(
  folder: string,
  name: string,
  { origin, training, extra = [] }: AboutModel,
  options: PushOptions,
): Promise<Uploaded> {
  const { baseModel: given, datasets, ...upload } = options;
  checkNames("baseModel", given === undefined ? [] : [given]);
  checkNames("datasets", datasets ?? []);
  const isAdapter = isAdapterFolder(folder);
  const names = (await filesIn(folder)).filter((file) => isModelFile(file) || file === "README.md");
  if (!names.some((file) => file.endsWith(".safetensors")))
    throw new InputError(`${folder}: has no weights to push (model.safetensors or adapter_model.safetensors)`);
  const baseFiles = isAdapter ? await adapterWithBase(folder, given) : undefined;
  const baseModel = given ?? hubNameIn(baseFiles?.base ?? origin);
  const files = [
    ...names
      .filter((file) => file !== baseFiles?.file.path)
      .map((file) => ({ path: file, content: { file: join(folder, file) } })),
    ...(baseFiles ? [baseFiles.file] : []),
    ...extra,
  ];
  const isChat = await hasChatTemplate(files);
  const card = {
    path: "README.md",
    content: { text: modelCard({ name, baseModel, datasets, isAdapter, isChat, training }) },
  };
  return uploadModel(name, names.includes("README.md") ? files : [...files, card], isModelFile, upload);
}

/** @throws InputError if the folder does not exist */
async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) throw missingError(folder, "folder", "give that of a run, a model or an adapter", error);
    throw error;
  }
}

/** Whether a file belongs to a model, and is deleted when another model replaces it. */
function isModelFile(path: string): boolean {
  return (
    isCheckpointFile(path) ||
    isAdapterFile(path) ||
    /^(?:pytorch_model|adapter_model).*\.bin(?:\.index\.json)?$/.test(path)
  );
}

/** Texts as files. */
function textFiles(files: ReadonlyMap<string, string>): UploadFile[] {
  return [...files].map(([path, text]) => ({ path, content: { text } }));
}

/**
 * An adapter's config with the name of its base model.
 *
 * @throws InputError if that is a local path, which nobody else has
 */
async function adapterWithBase(
  folder: string,
  given: string | undefined,
): Promise<{ readonly base: string; readonly file: UploadFile }> {
  const path = "adapter_config.json";
  const text = await readFile(join(folder, path), "utf8");
  const config = JSON.parse(text) as { base_model_name_or_path?: string | null };
  const base = given ?? config.base_model_name_or_path ?? undefined;
  if (base === undefined || hubNameIn(base) === undefined) {
    throw new InputError(
      `this adapter is for ${base === undefined ? "a model that it does not name" : `the model in ${base}, which nobody else has there`}; name it as it is on the hub (baseModel: "org/name", --base-model org/name), or push the merged model`,
    );
  }
  if (given === undefined) return { base, file: { path, content: { file: join(folder, path) } } };
  return {
    base,
    file: { path, content: { text: `${JSON.stringify({ ...config, base_model_name_or_path: given }, null, 2)}\n` } },
  };
}

/** The model name in `org/name`, `org/name@revision` or `org/name:Q8_0`; undefined for a path. */
function hubNameIn(origin: string | undefined): string | undefined {
  const name = origin?.replace(/[@:].*$/, "");
  return name !== undefined && isRepositoryName(name) ? name : undefined;
}

function checkNames(option: string, names: readonly string[]): void {
  const wrong = names.find((name) => typeof name !== "string" || !isRepositoryName(name));
  if (wrong !== undefined)
    throw new InputError(`${option}: found ${quote(wrong)}, expected a name on the hub, org/name`);
}

async function hasChatTemplate(files: readonly UploadFile[]): Promise<boolean> {
  if (files.some(({ path }) => path === "chat_template.jinja")) return true;
  const config = files.find(({ path }) => path === "tokenizer_config.json")?.content;
  const text = config && ("text" in config ? config.text : await readTextIfPresent(config.file));
  return text?.includes('"chat_template"') ?? false;
}
