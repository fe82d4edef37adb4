import { Random } from "../../src/base/random.js";
import { decode, encode, WireError } from "../../src/kernel/wire/codec.js";
import type { Content } from "../../src/kernel/wire/message.js";
import { mutant } from "./mutate.js";
import { done, refused, Tally, third, timeLeft, type CampaignOptions } from "./outcomes.js";

const header = {
  msg_id: "1",
  msg_type: "execute_request",
  session: "s",
  username: "u",
  version: "5.3",
  date: "2026-01-01",
};
const contents: readonly Content[] = [
  { code: "1 + 1", silent: false },
  { code: "", cursor_pos: 0 },
  { comm_id: "a", data: { deep: [[1, { b: null }]] } },
  {},
];
const key = "a secret key";

/** Damages frames of Jupyter's protocol, signed or not. Frames that are damaged after signing must never be accepted. */
export function jupyterMessages(options: CampaignOptions): Promise<Tally[]> {
  const tallies = [
    new Tally("Jupyter messages", "damaged after signing"),
    new Tally("Jupyter messages", "damaged, unsigned"),
  ] as const;
  for (const [index, tally] of tallies.entries()) {
    const begin = performance.now();
    const isSigned = index === 0;
    for (
      let attempt = 0;
      attempt < options.count && timeLeft(begin, { ...options, seconds: options.seconds / 2 });
      attempt++
    ) {
      const random = Random.seeded(options.seed).fork("wire", index, attempt);
      const message = {
        identities: [Buffer.from("id")],
        header,
        parent: header,
        metadata: {},
        content: random.pick(contents),
        buffers: [Buffer.from("x")],
      };
      const frames: Buffer[] = encode(message, isSigned ? key : "").map((frame) => Buffer.from(frame));
      // The signature and the signed frames follow the identity and the delimiter.
      const at = 2 + random.integer(5);
      const before = frames[at]!;
      frames[at] = mutant(before, random, true, frames);
      if (random.uniform() < 0.1) frames.splice(random.integer(frames.length), 1);
      const isUnchanged = frames[at]?.equals(before) ?? false;
      try {
        const { content } = decode(frames, isSigned ? key : "");
        JSON.stringify(content);
        tally.add(
          isSigned && !isUnchanged && frames.length > 8
            ? third("a message was taken that is not as it was signed")
            : done,
          `seed ${options.seed}, ${attempt}`,
        );
      } catch (error) {
        tally.add(error instanceof WireError ? refused : third(String(error)), `seed ${options.seed}, ${attempt}`);
      }
    }
    tally.seconds = (performance.now() - begin) / 1000;
  }
  return Promise.resolve([...tallies]);
}
