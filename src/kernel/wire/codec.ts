import { createHmac, timingSafeEqual } from "node:crypto";
import type { Content, Header, Message } from "./message.js";

/** Frames that are no message of ours: malformed, or signed with another key. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const delimiter = Buffer.from("<IDS|MSG>");

/**
 * The frames of a message: identities, delimiter, signature, header, parent, metadata, content, buffers.
 *
 * @param key of the signature; nothing is signed where it is empty
 */
export function encode({ identities, header, parent, metadata, content, buffers }: Message, key: string): Uint8Array[] {
  const parts = [header, parent, metadata, content].map((part) => Buffer.from(wellFormed(JSON.stringify(part))));
  return [...identities, delimiter, Buffer.from(signature(parts, key)), ...parts, ...buffers];
}

/**
 * The message of frames, see {@link encode}.
 *
 * @throws WireError if they are none, or are not signed with the key
 */
export function decode(frames: readonly Uint8Array[], key: string): Message {
  const start = frames.findIndex((frame) => delimiter.equals(frame));
  if (start < 0) throw new WireError("no delimiter <IDS|MSG> among the frames");
  const [signed, ...rest] = frames.slice(start + 1);
  if (!signed || rest.length < 4)
    throw new WireError(`${frames.length - start - 1} frames after the delimiter, expected at least 5`);
  const parts = rest.slice(0, 4);
  if (key && !isSame(signed, Buffer.from(signature(parts, key)))) {
    throw new WireError("it is not signed with the connection file's key");
  }
  const [header, parent, metadata, content] = (["header", "parent_header", "metadata", "content"] as const).map(
    (name, index) => parseObject(parts[index]!, name),
  );
  if (!isHeader(header!)) throw new WireError("the header lacks msg_id, msg_type or session");
  if (!canBeWritten(header)) throw new WireError("the header is nested too deeply to be sent back");
  return {
    identities: frames.slice(0, start),
    header,
    parent: isHeader(parent!) ? parent : {},
    metadata: metadata!,
    content: content!,
    buffers: rest.slice(4),
  };
}

function signature(parts: readonly Uint8Array[], key: string): string {
  if (!key) return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

/** Takes as long wherever the two differ, so that a signature cannot be found byte by byte. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function parseObject(bytes: Uint8Array, name: string): Content {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new WireError(`the ${name} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new WireError(`the ${name} is not a JSON object`);
  return value as Content;
}

/** Every answer carries the header that it answers; JSON can be read far deeper than it can be written. */
function canBeWritten(header: Header): boolean {
  try {
    JSON.stringify(header);
    return true;
  } catch {
    return false;
  }
}

function isHeader(value: Content): value is Header {
  return ["msg_id", "msg_type", "session"].every((field) => typeof value[field] === "string");
}

/**
 * Half a surrogate pair is no text: Python's front ends cannot save a notebook that has one. JSON
 * spells it as an escape, which is told from an escaped backslash before the letters of one.
 */
function wellFormed(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (escape) => (escape === "\\\\" ? escape : "\ufffd"));
}
