const newline = 0x0a;

/**
 * Lines of UTF-8 text that comes in chunks, without their ends; what stands behind the last end is none. The whole may be
 * longer than any string.
 */
export async function* linesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let unfinished: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      yield Buffer.concat([...unfinished, chunk.subarray(start, end)]).toString("utf8");
      unfinished = [];
      start = end + 1;
    }
    if (start < chunk.length) unfinished.push(chunk.subarray(start));
  }
}

/** Lines as bytes, many in a chunk. */
export function* chunksOf(lines: Iterable<string>): Generator<Uint8Array> {
  let text = "";
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < chunkLength) continue;
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(text);
}

const chunkLength = 2 ** 20;
