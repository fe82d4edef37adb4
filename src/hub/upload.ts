import {
  commitIter,
  createRepo,
  HubApiError,
  modelInfo,
  type CommitFile,
  type CommitOperation,
} from "@huggingface/hub";
import { stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { errorAt, InputError, quote } from "../base/errors.js";
import type { TaskOptions } from "../base/task.js";
import { HubConnection, type HubProblems } from "./connection.js";
import { askFiles, understood } from "./listing.js";
import { refusal } from "./refusal.js";
import { isRepositoryName, mainRevision, nameRules, type RepositoryName } from "./repository-name.js";
import { hubSettings, type HubSettings } from "./settings.js";

/** A file for a repository. */
export interface UploadFile {
  /** Its path there. */
  readonly path: string;
  /** The text itself, or the local file that holds it. */
  readonly content: { readonly text: string } | { readonly file: string };
}

export interface UploadOptions extends Pick<TaskOptions, "signal"> {
  /**
   * Whether a new repository is private. An existing one stays unchanged, and must be private unless this is false. Default true.
   */
  readonly private?: boolean | undefined;
  /** The commit's message. Default "Upload model". */
  readonly message?: string | undefined;
  /** Called with the bytes that the hub has so far, and the total of all files. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** An uploaded model's location. */
export interface Uploaded {
  /** Its page. */
  readonly url: string;
  readonly commit: string;
  readonly private: boolean;
}

/**
 * Uploads a model's files to the hub in one commit, with the settings of the environment ({@link hubSettings}); creates the
 * repository if it does not exist.
 *
 * The hub identifies large files by their digests: files it already has, from an interrupted upload or another model, are not
 * sent again. Nothing is visible in the repository until the commit, which comes last.
 *
 * @param name `org/name`
 * @param isReplaced whether a file in the repository that is not among these belongs to a model that these replace
 * @throws InputError if there is no token, it lacks write access, the repository is public but was not meant to be, or the hub
 *   refuses or cannot be reached; the signal's reason
 */
export async function uploadModel(
  name: string,
  files: readonly UploadFile[],
  isReplaced: (path: string) => boolean,
  options: UploadOptions = {},
): Promise<Uploaded> {
  const { message = "Upload model", private: isPrivate = true, signal, onProgress } = options;
  const repository = requireName(name);
  const settings = await requireToken(name);
  const connection = new HubConnection(settings, repository, signal, uploadProblems);
  const there = await findOrCreate(connection, isPrivate);
  if (isPrivate && !there.private) {
    throw errorAt(
      { file: name },
      `this repository is public, and a model is given privately where nothing else is said; make it private at ${settings.endpoint}/${name}/settings, choose another name, or ask for a public one (private: false)`,
    );
  }
  const own = new Set(files.map(({ path }) => path));
  const old = (await askFiles(connection, there.commit)).filter(({ path }) => !own.has(path) && isReplaced(path));
  const operations: CommitOperation[] = [
    ...files.map(added),
    ...old.map(({ path }) => ({ operation: "delete" as const, path })),
  ];
  const sizes = new Map(
    await Promise.all(files.map(async ({ path, content }) => [path, await sizeOf(content)] as const)),
  );
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const done = new Map<string, number>();
  const report = (path: string, share: number) => {
    done.set(path, share * (sizes.get(path) ?? 0));
    onProgress?.(
      [...done.values()].reduce((sum, bytes) => sum + bytes, 0),
      total,
    );
  };
  const commit = await understood(connection, () => sendCommit(connection, message, operations, report));
  return { url: `${settings.endpoint}/${name}`, commit, private: there.private };
}

function requireName(name: string): RepositoryName {
  if (typeof name === "string" && isRepositoryName(name)) return { type: "model", name, revision: mainRevision };
  throw new InputError(`found ${quote(name)}, expected the name of a repository on the hub, user/name: ${nameRules}`);
}

async function requireToken(name: string): Promise<HubSettings> {
  const settings = await hubSettings();
  if (settings.offline) throw errorAt({ file: name }, "HF_HUB_OFFLINE=1, so that nothing can be uploaded; unset it");
  if (settings.token === undefined)
    throw errorAt(
      { file: name },
      `no token to write with; create one with write access at ${settings.endpoint}/settings/tokens, and set HF_TOKEN`,
    );
  return settings;
}

/** The repository's newest commit, and whether it is private. */
async function findOrCreate(
  connection: HubConnection,
  isPrivate: boolean,
): Promise<{ readonly commit: string; readonly private: boolean }> {
  const there = await find(connection);
  if (there) return there;
  const { settings, repository } = connection;
  const request = {
    repo: { type: repository.type, name: repository.name },
    visibility: isPrivate ? "private" : "public",
    hubUrl: settings.endpoint,
  } as const;
  // The library requires a token, and accepts only those that begin with "hf_"; the connection replaces it by the real one.
  await understood(connection, () => createRepo({ ...request, fetch: connection.fetch, accessToken: "hf_" }));
  const made = await find(connection);
  if (made) return made;
  throw errorAt(
    { file: repository.name },
    `${settings.endpoint} has made the repository, and does not find it; try again`,
  );
}

async function find(connection: HubConnection) {
  const { settings, repository } = connection;
  return understood(connection, async () => {
    try {
      const found = await modelInfo({
        ...repository,
        hubUrl: settings.endpoint,
        fetch: connection.accepting([404]),
        additionalFields: ["sha"],
      });
      return { commit: found.sha, private: found.private };
    } catch (error) {
      if (error instanceof HubApiError && error.statusCode === 404) return undefined;
      throw error;
    }
  });
}

function added({ path, content }: UploadFile): CommitFile {
  return {
    operation: "addOrUpdate",
    path,
    content: "file" in content ? pathToFileURL(content.file) : new Blob([content.text]),
  };
}

async function sizeOf(content: UploadFile["content"]): Promise<number> {
  return "file" in content ? (await stat(content.file)).size : Buffer.byteLength(content.text);
}

/**
 * @param report receives the fraction of a file that the hub has
 * @returns the commit
 */
async function sendCommit(
  connection: HubConnection,
  title: string,
  operations: CommitOperation[],
  report: (path: string, share: number) => void,
): Promise<string> {
  const { settings, repository, signal } = connection;
  const events = commitIter({
    repo: { type: repository.type, name: repository.name },
    title,
    operations,
    branch: repository.revision,
    hubUrl: settings.endpoint,
    fetch: connection.fetch,
    // Uploads via Git LFS, which mirrors support too.
    useXet: false,
    ...(signal && { abortSignal: signal }),
  });
  for (;;) {
    const next = await events.next();
    // Only a commit to a bucket returns none.
    if (next.done) return next.value!.commit.oid;
    if (next.value.event === "fileProgress" && next.value.state === "uploading")
      report(next.value.path, next.value.progress);
  }
}

const uploadProblems: HubProblems = {
  refusal(response, repository, settings) {
    const place = { file: repository.name };
    const tokens = `${settings.endpoint}/settings/tokens`;
    const { status } = response;
    if (status === 401)
      return errorAt(place, `the hub rejected the token in HF_TOKEN; create one with write access at ${tokens}`);
    if (status === 403)
      return errorAt(
        place,
        `the token in HF_TOKEN may not write to ${repository.name}; create one with write access at ${tokens}, and check that ${repository.name.split("/")[0]} is you or an organization that you may write to`,
      );
    return refusal(response, repository, settings);
  },
  unreachable: (endpoint, code) =>
    `the hub cannot be reached: ${endpoint} (${code}). Check the connection, or set HF_ENDPOINT to a mirror; uploaded files need not be sent again`,
};
