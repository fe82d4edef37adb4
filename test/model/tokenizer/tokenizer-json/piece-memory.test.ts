import assert from "node:assert/strict";
import { it } from "node:test";
import { rememberPieces } from "../../../../src/model/tokenizer/tokenizer-json/piece-memory.js";

it("ids of a piece are cached, except for long pieces and pieces that throw", () => {
  const asked: string[] = [];
  const idsOf = rememberPieces((piece, text) => {
    asked.push(piece);
    if (piece === "?") throw new Error(`unknown in ${text}`);
    return [...piece].map((character) => character.charCodeAt(0));
  });
  const long = "x".repeat(33);
  for (const text of ["first", "second"]) {
    assert.deepEqual(idsOf("ab", text), [97, 98]);
    assert.deepEqual(idsOf("\ud800a", text), [0xd800, 97]);
    assert.equal(idsOf(long, text).length, 33);
    assert.throws(() => idsOf("?", text), { message: `unknown in ${text}` });
  }
  assert.deepEqual(asked, ["ab", "\ud800a", long, "?", long, "?"]);
});

it("a full cache drops pieces", () => {
  let asked = 0;
  const idsOf = rememberPieces(() => [++asked]);
  for (let i = 0; i < 2 ** 16; i++) idsOf(`${i}`, "");
  assert.deepEqual([idsOf("0", ""), idsOf("65535", "")], [[1], [65536]]);
  idsOf("one more", "");
  assert.deepEqual(idsOf("0", ""), [65538]);
});
