import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { errorAt, type InputError } from "../base/errors.js";

/**
 * Streams the bytes of a file, decompressing gzip (of one or several members).
 *
 * @param size of the file in bytes
 * @throws {InputError} gzip that ends too early, fails its checksum or is followed by other bytes
 */
export async function* readBytes(path: string, isGzip: boolean, size: number): AsyncGenerator<Buffer> {
  const file = createReadStream(path);
  if (!isGzip) {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  const gunzip = createGunzip();
  // Errors of either stream reach the loop below through `gunzip`, which pipeline destroys.
  pipeline(file, gunzip, () => {});
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))) throw error;
    throw brokenGzip(path, error.message, error);
  }
  // zlib interprets a zero byte after a member as padding and silently drops the rest.
  if (gunzip.bytesWritten < size) {
    throw brokenGzip(path, `${size - gunzip.bytesWritten} trailing bytes that are not gzip`);
  }
}

function brokenGzip(path: string, why: string, cause?: unknown): InputError {
  return errorAt({ file: path }, `broken gzip file (${why}); download or create it again`, cause);
}
