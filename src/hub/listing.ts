import { datasetInfo, listFiles, modelInfo } from "@huggingface/hub";
import { z } from "zod";
import { errorAt, InputError, quote } from "../base/errors.js";
import type { HubConnection } from "./connection.js";
import { describeRepository } from "./repository-name.js";

const commitHash = z.string().regex(/^[0-9a-f]{40}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const fileSchema = z.object({
  /** Path in the repository, with slashes; it cannot lead out of a folder it is joined to. */
  path: z.string().refine(staysInside),
  /** In bytes. */
  size: z.int().nonnegative(),
  /** SHA-256 of the content (64 digits), or git's SHA-1 of it (40); also the name of the blob. */
  digest: z.union([sha256, commitHash]),
});

/** A file of a repository. */
export type RemoteFile = z.infer<typeof fileSchema>;

/** The contents of a repository at a commit. */
export const listingSchema = z.object({
  files: z.array(fileSchema),
  /** The metadata at the head of its README, as parsed by the hub. */
  card: z.unknown().optional(),
});
export type Listing = z.infer<typeof listingSchema>;

export function isCommit(revision: string): boolean {
  return commitHash.safeParse(revision).success;
}

/** Whether a path of a listing stays in the folder it is joined to, on any operating system. */
function staysInside(path: string): boolean {
  const isName = (part: string) => part !== "" && part !== "." && part !== ".." && !/^[A-Za-z]:|[\\\x00]/.test(part);
  return path.split("/").every(isName);
}

/**
 * Asks for the commit that a revision of a repository points to, and the card there.
 *
 * @throws InputError if the hub refuses, cannot be reached, or returns an invalid response
 */
export async function askCommit(connection: HubConnection): Promise<{ commit: string; card: unknown }> {
  const { settings, repository } = connection;
  const ask = { ...repository, hubUrl: settings.endpoint, fetch: connection.fetch };
  const { sha, cardData } = await understood(connection, () =>
    repository.type === "model"
      ? modelInfo({ ...ask, additionalFields: ["sha", "cardData"] })
      : datasetInfo({ ...ask, additionalFields: ["sha", "cardData"] }),
  );
  if (!isCommit(sha)) throw strange(connection, `commit ${quote(sha)}`);
  return { commit: sha, card: cardData };
}

/** Limits of a listing: pages of a thousand files each, and files. */
const most = { pages: 1000, files: 1_000_000 };

/**
 * Asks for the files of a repository at a commit.
 *
 * @throws InputError as {@link askCommit}, if a path would lead out of the repository's folder, and for an endless listing
 */
export async function askFiles(connection: HubConnection, commit: string): Promise<RemoteFile[]> {
  const { settings, repository } = connection;
  const files: RemoteFile[] = [];
  let pages = 0;
  const fetchPage: typeof fetch = (...request) => {
    if (++pages > most.pages) throw strange(connection, `more than ${most.pages} pages of files`);
    return connection.fetch(...request);
  };
  await understood(connection, async () => {
    const entries = listFiles({
      repo: repository,
      revision: commit,
      recursive: true,
      hubUrl: settings.endpoint,
      fetch: fetchPage,
    });
    for await (const { type, path, size, oid, lfs } of entries) {
      if (type !== "file") continue;
      const file = fileSchema.safeParse({ path, size: lfs?.size ?? size, digest: lfs?.oid ?? oid });
      if (!file.success)
        throw strange(connection, `${file.error.issues[0]!.path.join(".")} of the file ${quote(path)}`);
      files.push(file.data);
      if (files.length > most.files) throw strange(connection, `more than ${most.files} files`);
    }
  });
  return files;
}

/** Interprets the hub's responses, which may really come from a captive portal or a broken mirror. */
export async function understood<T>(connection: HubConnection, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError || connection.signal?.aborted) throw error;
    throw strange(connection, (error as Error).message, error);
  }
}

function strange({ settings, repository }: HubConnection, detail: string, cause?: unknown): InputError {
  return errorAt(
    { file: describeRepository(repository) },
    `invalid response from ${settings.endpoint} (${detail}); check that it is a Hugging Face hub and that no login page stands before it`,
    cause,
  );
}
