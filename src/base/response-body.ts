/** Error for a response larger than allowed. */
export class BodyLimitError extends Error {
  override readonly name = "BodyLimitError";
}

/**
 * Reads a response to its end and returns it with the body in memory; compressed data counts at its decompressed size.
 *
 * @param most maximum bytes of the body
 * @throws BodyLimitError as soon as there are more bytes; the error of `fetch` for a broken connection
 */
export async function readWithin(response: Response, most: number): Promise<Response> {
  const { status, statusText, headers } = response;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > most) throw new BodyLimitError(`a response of more than ${most / 1e6} MB`);
    chunks.push(chunk);
  }
  // Some statuses do not allow a body.
  return new Response(size === 0 ? null : Buffer.concat(chunks), { status, statusText, headers });
}
