/** A server sent more than was asked for. */
export class BodyLimitError extends Error {
  override readonly name = "BodyLimitError";
}

/**
 * Reads a response to its end, so that it can be read again from memory; what is compressed counts as it is unpacked.
 *
 * @param most bytes of the body
 * @throws BodyLimitError as soon as there are more; what `fetch` throws for a connection that breaks
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
  // Some statuses must have no body.
  return new Response(size === 0 ? null : Buffer.concat(chunks), { status, statusText, headers });
}
