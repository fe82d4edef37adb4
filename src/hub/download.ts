import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { errorAt, type InputError } from "../base/errors.js";
import { tries, type HubConnection } from "./connection.js";
import type { RemoteFile } from "./listing.js";
import { Part } from "./part.js";
import { addressOf, describeRepository } from "./repository-name.js";

/**
 * Downloads a file of a commit to its blob, resuming an earlier download and reconnecting if the connection breaks. The
 * blob appears once its length and digest match the listing; until then the partial file lies beside it, and remains if
 * the download fails or is stopped.
 *
 * @param onBytes called with the number of bytes that have been downloaded
 * @throws InputError if the hub refuses or cannot be reached, the length or digest is wrong, or the disk is full; the
 *   signal's reason
 */
export async function downloadFile(
  connection: HubConnection,
  commit: string,
  file: RemoteFile,
  blob: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const part = await Part.claim(blob, file);
  try {
    const isResumed = part.position > 0;
    await requireSpace(dirname(blob), file, part);
    await fill(part, connection, commit, file, onBytes);
    // The part left by an earlier download may be corrupt.
    if (isResumed && part.digest() !== file.digest) {
      await part.empty();
      await fill(part, connection, commit, file, onBytes);
    }
    const digest = part.digest();
    if (digest !== file.digest) {
      await part.empty();
      throw wrong(
        connection,
        file,
        `the downloaded content has the digest ${digest}, but the hub lists ${file.digest}; it was discarded, try again`,
      );
    }
    await part.finish();
  } catch (error) {
    await part.release();
    throw fullDisk(error, dirname(blob)) ?? error;
  }
}

/** Downloads the rest of a partial file. */
async function fill(
  part: Part,
  connection: HubConnection,
  commit: string,
  file: RemoteFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const url = `${connection.settings.endpoint}/${addressOf(connection.repository)}/resolve/${commit}/${path}`;
  for (let failures = 0; part.position < file.size; ) {
    const from = part.position;
    const response = await connection.open(url, from);
    const problem = problemOf(response, from, connection, file);
    if (problem) {
      await response.body?.cancel();
      throw problem;
    }
    if (response.status !== 206 && from > 0) await part.empty();
    const cut = await receive(response, part, connection, file, onBytes);
    if (part.position > from) failures = 0;
    else if (++failures === tries) throw connection.unreachable(cut);
    else await connection.pause(failures);
  }
}

/** Writes a response to the part; returns the error that ended it. */
async function receive(
  response: Response,
  part: Part,
  connection: HubConnection,
  file: RemoteFile,
  onBytes: (bytes: number) => void,
): Promise<Error> {
  const reader = response.body!.getReader();
  try {
    for (;;) {
      const next = await reader.read().catch((error: Error) => {
        connection.signal?.throwIfAborted();
        return error;
      });
      if (next instanceof Error) return next;
      if (next.done) return new Error("the connection ended early");
      if (part.position + next.value.length > file.size) {
        throw wrong(connection, file, `the server sent more than the ${file.size} bytes that the hub lists`);
      }
      await part.append(next.value);
      onBytes(part.position);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** What is wrong with a response, judging by its headers. */
function problemOf(
  { status, headers }: Response,
  from: number,
  connection: HubConnection,
  file: RemoteFile,
): InputError | undefined {
  let length =
    headers.has("content-length") && !headers.has("content-encoding")
      ? Number(headers.get("content-length"))
      : file.size;
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("content-range") ?? "");
    if (!range || Number(range[1]) !== from)
      return wrong(connection, file, `the server sent another range than the bytes from ${from}`);
    length = Number(range[2]);
  }
  return length === file.size
    ? undefined
    : wrong(connection, file, `the server announced ${length} bytes, but the hub lists ${file.size}`);
}

async function requireSpace(folder: string, file: RemoteFile, part: Part): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = file.size - part.position;
  if (needed <= bavail * bsize) return;
  throw errorAt(
    { file: folder },
    `${file.path} needs ${megabytes(needed)}, but only ${megabytes(bavail * bsize)} are free; ${elsewhere}`,
  );
}

const elsewhere = "free some space, or set HF_HUB_CACHE to another folder";

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The error for a full disk; undefined for any other error. */
function fullDisk(error: unknown, folder: string): InputError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return undefined;
  return errorAt(
    { file: folder },
    `the disk is full (${code}); ${elsewhere}. The download resumes where it stopped`,
    error,
  );
}

function wrong({ repository }: HubConnection, file: RemoteFile, problem: string): InputError {
  return errorAt({ file: `${describeRepository(repository)}/${file.path}` }, problem);
}
