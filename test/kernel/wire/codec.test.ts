import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decode, encode, WireError } from "../../../src/kernel/wire/codec.js";
import type { Message } from "../../../src/kernel/wire/message.js";

const bytes = fc.uint8Array({ maxLength: 40 });
const notDelimiter = bytes.filter((frame) => !Buffer.from("<IDS|MSG>").equals(frame));
// JSON as it comes back from text: no undefined, no -0, no lone surrogate.
const object = fc
  .dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ stringUnit: "grapheme" }))
  .map((value) => JSON.parse(JSON.stringify(value)));
const header = fc
  .tuple(object, fc.record({ msg_id: fc.string(), msg_type: fc.string(), session: fc.string() }))
  .map(([other, own]) => ({ ...other, ...own }));
const message: fc.Arbitrary<Message> = fc.record({
  identities: fc.array(notDelimiter, { maxLength: 3 }),
  header,
  parent: fc.oneof(header, fc.constant({})),
  metadata: object,
  content: object,
  buffers: fc.array(bytes, { maxLength: 3 }),
});
const key = fc.oneof(fc.constant(""), fc.string({ minLength: 1 }));

const plain: Message = {
  identities: [],
  header: { msg_id: "1", msg_type: "execute_request", session: "s" },
  parent: {},
  metadata: {},
  content: { code: "1" },
  buffers: [],
};

/** Converts frames to arrays of numbers, so that a Buffer and a Uint8Array of the same bytes compare equal. */
const comparable = ({ identities, buffers, ...rest }: Message) => ({
  ...rest,
  identities: identities.map((frame) => [...frame]),
  buffers: buffers.map((frame) => [...frame]),
});

describe("the message codec", () => {
  it("decodes every encoded message to the same message", () => {
    fc.assert(
      fc.property(message, key, (message, key) =>
        assert.deepEqual(comparable(decode(encode(message, key), key)), comparable(message)),
      ),
    );
  });

  it("reads a message written by jupyter_client", () => {
    // Written by jupyter_client.session.Session(key=b"a-secret-key").serialize(…, ident=b"who").
    const frames = [
      "who",
      "<IDS|MSG>",
      "9346cea587da032d2802fed2d26c357fd31bc4e9433565f8fef5d91f2204f5d7",
      '{"msg_id": "1", "msg_type": "execute_request", "session": "s", "username": "u", "date": "2024-05-01T12:00:00Z", "version": "5.3"}',
      "{}",
      "{}",
      '{"code": "1 + 1 // 😀 é", "silent": false}',
    ].map((frame) => Buffer.from(frame));
    const message = decode(frames, "a-secret-key");
    assert.deepEqual(message.content, { code: "1 + 1 // 😀 é", silent: false });
    assert.deepEqual(message.identities, [Buffer.from("who")]);
    assert.equal(message.header.username, "u");
    assert.throws(
      () => decode(frames, "another key"),
      new WireError("it is not signed with the connection file's key"),
    );
  });

  it("throws nothing but a WireError on arbitrary frames", () => {
    const frames = fc.array(
      fc.oneof(
        bytes,
        fc.constant(Buffer.from("<IDS|MSG>")),
        fc.json().map((text) => Buffer.from(text)),
      ),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(frames, key, (frames, key) => {
        try {
          decode(frames, key);
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }),
    );
  });

  it("throws if any byte of the signature or of a signed part is changed", () => {
    const frames = encode(plain, "key");
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (index, position, change) => {
          const changed = frames.map((frame) => Buffer.from(frame));
          const frame = changed[index]!;
          frame[position % frame.length]! ^= change;
          assert.throws(() => decode(changed, "key"), WireError);
        },
      ),
    );
  });

  it("reports what is wrong with the frames", () => {
    const [delimiter, signature, ...parts] = encode(plain, "");
    const error = (message: string) => new WireError(message);
    assert.throws(() => decode(parts, ""), error("no delimiter <IDS|MSG> among the frames"));
    assert.throws(
      () => decode([delimiter!, signature!, parts[0]!], ""),
      error("2 frames after the delimiter, expected at least 5"),
    );
    const withPart = (index: number, text: string) => [delimiter!, signature!, ...parts.with(index, Buffer.from(text))];
    assert.throws(() => decode(withPart(3, "[1]"), ""), error("the content is not a JSON object"));
    assert.throws(() => decode(withPart(1, "{"), ""), /WireError: the parent_header is not JSON/);
    assert.throws(() => decode(withPart(0, '{"msg_id":1}'), ""), error("the header lacks msg_id, msg_type or session"));
  });

  it("refuses a header that is nested too deeply to be sent back", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const frames = encode(plain, "").map((frame) => Buffer.from(frame));
    const header = JSON.stringify(plain.header).replace("}", `,"deep":${deep}}`);
    frames[2] = Buffer.from(header);
    assert.throws(() => decode(frames, ""), new WireError("the header is nested too deeply to be sent back"));
  });

  it("accepts any signature if there is no key", () => {
    const [delimiter, , ...parts] = encode(plain, "key");
    assert.deepEqual(decode([delimiter!, Buffer.from("whatever"), ...parts], "").content, plain.content);
  });

  it("replaces lone surrogates and keeps text that looks like an escaped one", () => {
    const read = (text: string) => decode(encode({ ...plain, content: { text } }, ""), "").content.text;
    assert.equal(read("a\ud83d b \ude00"), "a\ufffd b \ufffd");
    assert.equal(read("😀 \\ud83d \\\\ud83d"), "😀 \\ud83d \\\\ud83d");
  });
});
