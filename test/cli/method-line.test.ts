import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMethodLine } from "../../src/cli/method-line.js";
import { namedRecipes } from "../../src/cli/methods.js";

describe("a --run argument", () => {
  it("has flags of its own and a name, by default that of its method", () => {
    const { name, recipe } = parseMethodLine("My DPO = direct --beta 0.5  --loss dpo=0.8,nll=0.2");
    const { options } = recipe({ beta: 3, seed: 7, rounds: 2 });
    assert.deepEqual(
      [name, options.beta, options.loss, options.seed, options.epochs],
      ["My DPO", 0.5, { dpo: 0.8, nll: 0.2 }, 7, 2],
    );
    assert.equal(parseMethodLine("β=0.5=sera").name, "β=0.5");
    assert.equal(parseMethodLine(" sera").name, "sera");
  });

  it("is refused in a message that quotes it", () => {
    const refused = (text: string, message: string) =>
      assert.throws(() => parseMethodLine(text), { name: "InputError", message });
    const known = `expected one of ${Object.keys(namedRecipes).join(", ")}`;
    refused(
      "DPO=dpo --beta 1",
      `--run "DPO=dpo --beta 1": found "dpo", ${known}; for the loss alone, use direct with --loss dpo`,
    );
    refused("", `--run "": found "", ${known}`);
    refused(
      "direct --betta 1",
      `--run "direct --betta 1": --betta is not an option of any method; did you mean --beta?`,
    );
    refused(
      "direct --select 0.3",
      '--run "direct --select 0.3": --select is not an option of direct; it belongs to sera, dice',
    );
    refused("sera --select 2", `--run "sera --select 2": --select: found "2", expected a share in [0, 1]`);
    refused(
      "curry-dpo --rounds 2",
      '--run "curry-dpo --rounds 2": curry dpo: found 2 rounds, expected a multiple of its 3 stages',
    );
    assert.throws(() => parseMethodLine("direct --seed 3"), /--seed is not an option of any method/);
  });
});
