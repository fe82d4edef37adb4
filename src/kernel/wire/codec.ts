import { createHmac, timingSafeEqual } from "node:crypto";
import type { Content, Header, Message } from "./message.js";

/** Error for frames that are not a valid message: malformed, or signed with another key. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const delimiter = Buffer.from("<IDS|MSG>");

/**
 * Encodes a message as frames: identities, delimiter, signature, header, parent, metadata, content, buffers.
 *
 * @param key signature key; messages are not signed if it is empty
 */
export function encode({ identities, header, parent, metadata, content, buffers }: Message, key: string): Uint8Array[] {
  const parts = [header, parent, metadata, content].map((part) => Buffer.from(wellFormed(JSON.stringify(part))));
  return [...identities, delimiter, Buffer.from(signature(parts, key)), ...parts, ...buffers];
}

/**
 * Decodes frames to a message, see {@link encode}.
 *
 * @throws WireError if they are not a message, or not signed with the key
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

/** Compares in constant time, so that a signature cannot be guessed byte by byte. */
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

/**
 * Whether a header can be serialized: every answer includes the header of its request, and JSON can be parsed at
 * greater depth than serialized.
 */
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
 * Replaces unpaired surrogates, which are not valid text: Python front ends cannot save a notebook that contains one.
 * JSON writes them as escapes, which must be distinguished from an escaped backslash followed by the same letters.
 */
function wellFormed(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (escape) => (escape === "\\\\" ? escape : "\ufffd"));
}
