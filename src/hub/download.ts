import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { inputError, type InputError } from "../base/errors.js";
import { tries, type HubConnection } from "./connection.js";
import type { RemoteFile } from "./listing.js";
import { Part } from "./part.js";
import { addressOf, describeRepository } from "./repository-name.js";

/**
 * Downloads a file of a commit to its blob, from where an earlier download stopped. A connection that breaks is made
 * again. The blob appears when its length and digest are those of the listing; until then what has come lies beside
 * it, and stays there where the download fails or is stopped.
 *
 * @param onBytes is told how many bytes of the file are here
 * @throws InputError where the hub refuses or cannot be reached, length or digest are wrong, or the disk is full;
 *   the signal's reason
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
    // What was left by an earlier download may be what is wrong.
    if (isResumed && part.digest() !== file.digest) {
      await part.empty();
      await fill(part, connection, commit, file, onBytes);
    }
    const digest = part.digest();
    if (digest !== file.digest) {
      await part.empty();
      throw wrong(connection, file, `content with the digest ${digest}, now thrown away`, `${file.digest}, as the hub lists it; try again`);
    }
    await part.finish();
  } catch (error) {
    await part.release();
    throw fullDisk(error, dirname(blob)) ?? error;
  }
}

/** Brings a part to its full length. */
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

/** Writes what comes to the part; gives back what ended it. */
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
        throw wrong(connection, file, "more bytes", `${file.size}, as the hub lists it`);
      }
      await part.append(next.value);
      onBytes(part.position);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** What is wrong by an answer's head. */
function problemOf({ status, headers }: Response, from: number, connection: HubConnection, file: RemoteFile): InputError | undefined {
  let length = headers.has("content-length") && !headers.has("content-encoding") ? Number(headers.get("content-length")) : file.size;
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("content-range") ?? "");
    if (!range || Number(range[1]) !== from) return wrong(connection, file, "a range that was not asked for", `the bytes from ${from}`);
    length = Number(range[2]);
  }
  return length === file.size ? undefined : wrong(connection, file, `a length of ${length}`, `${file.size} bytes, as the hub lists it`);
}

async function requireSpace(folder: string, file: RemoteFile, part: Part): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = file.size - part.position;
  if (needed <= bavail * bsize) return;
  throw inputError({ file: folder }, `${megabytes(bavail * bsize)} free`, `${megabytes(needed)} for ${file.path} ${elsewhere}`);
}

const elsewhere = "(HF_HUB_CACHE names another folder)";

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A full disk as the user's error, and undefined for any other. */
function fullDisk(error: unknown, folder: string): InputError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return undefined;
  return inputError({ file: folder }, `a full disk (${code})`, `room for the download, which goes on from here ${elsewhere}`, error);
}

function wrong({ repository }: HubConnection, file: RemoteFile, found: string, expected: string): InputError {
  return inputError({ file: `${describeRepository(repository)}/${file.path}` }, found, expected);
}
