import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  generateInstructions,
  shippedInstructions,
  type Instruction,
} from "../../../src/data/instructions/generate.js";
import { parseInstruction, writeInstruction } from "../../../src/data/instructions/request.js";
import { instructions } from "../../../src/data/instructions/shipped.js";

const textOf = ({ prompt: [{ content }] }: Instruction) => content;

describe("generateInstructions", () => {
  it("generates the shipped files", () => {
    const made = generateInstructions(shippedInstructions);
    for (const split of ["train", "validation", "heldOut"] as const) {
      assert.equal(
        readFileSync(instructions[split], "utf8"),
        made[split].map((row) => `${JSON.stringify(row)}\n`).join(""),
      );
    }
  });

  it("writes prompts that are parsed back, with two constraints of different kinds", () => {
    for (const text of generateInstructions({ seed: 3, train: 840, validation: 0, heldOut: 0 }).train.map(textOf)) {
      const request = parseInstruction(text)!;
      assert.equal(writeInstruction(request), text);
      assert.equal(new Set(request.constraints.map(({ kind }) => kind)).size, 2);
    }
  });

  it("does not repeat a topic with the same two kinds of constraint", () => {
    const made = generateInstructions({ seed: 4, train: 600, validation: 100, heldOut: 140 });
    const keys = Object.values(made)
      .flat()
      .map((one) => {
        const { topic, constraints } = parseInstruction(textOf(one))!;
        return [topic, ...constraints.map(({ kind }) => kind).sort()].join();
      });
    assert.equal(new Set(keys).size, 840);
  });

  it("refuses more instructions than there are combinations, and invalid counts", () => {
    assert.throws(
      () => generateInstructions({ seed: 1, train: 841, validation: 0, heldOut: 0 }),
      /found 841, expected at most the 840 combinations/,
    );
    assert.throws(
      () => generateInstructions({ seed: 1, train: -1, validation: 0, heldOut: 0 }),
      /^InputError: train: found -1, expected a whole number of at least 0/,
    );
  });
});
