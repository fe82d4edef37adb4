import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Graph, type Value } from "../../../../src/graph/index.js";
import { fusedByHead, fusedByKind, splitHeads } from "../../../../src/model/architectures/parts/heads.js";
import { evaluate } from "../../../support/reference.js";

/** Outputs of a linear layer for two tokens of one row: `width` values counted up from 0 and from 100. */
function rowsOf(width: number): { rows: Value; tokens: Value; read: (value: Value) => number[] } {
  const graph = new Graph();
  const rows = graph.input("rows", "float32", [2, width]);
  const tokens = graph.input("tokens", "int32", [1, 2]);
  const count = Array.from({ length: width }, (_, i) => i);
  const feeds = { rows: [...count, ...count.map((i) => 100 + i)], tokens: [0, 0] };
  return { rows, tokens, read: (value) => evaluate([value], feeds)[0]! };
}

describe("heads", () => {
  it("are adjacent slices of a layer's outputs", () => {
    const { rows, tokens, read } = rowsOf(4);
    const split = splitHeads(rows, tokens, 2);
    assert.deepEqual(split.shape, [1, 2, 2, 2]);
    assert.deepEqual(read(split), [0, 1, 100, 101, 2, 3, 102, 103]);
  });

  it("have adjacent queries, keys and values in a layer fused by head", () => {
    const { rows, tokens, read } = rowsOf(12);
    const { query, key, value } = fusedByHead(rows, tokens, 2);
    assert.deepEqual(read(query), [0, 1, 100, 101, 6, 7, 106, 107]);
    assert.deepEqual(read(key), [2, 3, 102, 103, 8, 9, 108, 109]);
    assert.deepEqual(read(value), [4, 5, 104, 105, 10, 11, 110, 111]);
  });

  it("have all queries first, then keys, then values in a layer fused by kind", () => {
    const { rows, tokens, read } = rowsOf(12);
    const { query, key, value } = fusedByKind(rows, tokens, 2);
    assert.deepEqual(read(query), [0, 1, 100, 101, 2, 3, 102, 103]);
    assert.deepEqual(read(key), [4, 5, 104, 105, 6, 7, 106, 107]);
    assert.deepEqual(read(value), [8, 9, 108, 109, 10, 11, 110, 111]);
  });
});
