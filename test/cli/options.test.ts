import assert from "node:assert/strict";
import { Command } from "commander";
import { describe, it } from "node:test";
import { recipeForms, type SeraOptions } from "../../src/run/options/index.js";
import { allMethodOptions, methodFromFlags, namedMethods } from "../../src/cli/methods.js";
import {
  dataOptions,
  engineOptions,
  givenOptions,
  number,
  onCommandLine,
  share,
  whole,
} from "../../src/cli/options.js";

/** Parses flags with a command that has every option. */
function parsed(...flags: readonly string[]): Record<string, unknown> {
  const command = engineOptions(allMethodOptions(dataOptions(new Command("test"))));
  command.exitOverride().configureOutput({ writeErr() {} });
  return command.parse(flags, { from: "user" }).opts();
}

describe("numbers on the command line", () => {
  it("are read in decimal and scientific notation", () => {
    assert.deepEqual(["1e-4", "0.5", "-2", " 7 "].map(number), [1e-4, 0.5, -2, 7]);
    for (const text of ["", " ", "seven", "1,5", "NaN", "Infinity"])
      assert.throws(() => number(text), { message: `found "${text}", expected a number` });
  });

  it("are whole numbers from a minimum on", () => {
    assert.equal(whole(2)("2"), 2);
    for (const text of ["1", "2.5", "1e30", "-3"])
      assert.throws(() => whole(2)(text), { message: `found "${text}", expected a whole number from 2` });
  });

  it("are shares in [0, 1]", () => {
    assert.deepEqual(["0", "1", "0.25"].map(share), [0, 1, 0.25]);
    for (const text of ["-0.1", "1.01", "70"])
      assert.throws(() => share(text), { message: `found "${text}", expected a share in [0, 1]` });
  });
});

describe("the options", () => {
  it("have the defaults of the method", () => {
    const { loss, beta, iterations, select, bootstrap, responses, gamma, seed } = methodFromFlags("sera", parsed())
      .options as SeraOptions;
    assert.deepEqual(
      { loss, beta, iterations, select, bootstrap, responses, gamma, seed },
      { loss: "dpo", beta: 0.1, iterations: 3, select: 0.7, bootstrap: 0.3, responses: 4, gamma: 0.3, seed: 0 },
    );
  });

  it("have the values of their flags", () => {
    const { schedule, provider, limit, skipBadRows } = parsed(
      "--schedule",
      "cosine",
      "--provider",
      "cuda",
      "--limit",
      "5",
      "--skip-bad-rows",
    );
    assert.deepEqual(
      { schedule, provider, limit, skipBadRows },
      { schedule: "cosine", provider: "cuda", limit: 5, skipBadRows: true },
    );
  });

  it("name a loss, or several with their weights, and the settings that are given", () => {
    assert.equal(parsed("--loss", "kto-pair").loss, "kto-pair");
    assert.deepEqual(parsed("--loss", "dpo=0.8,nll=0.2").loss, { dpo: 0.8, nll: 0.2 });
    const { labelSmoothing, targetMargin, tau, nll, lengthNormalized } = parsed(
      "--label-smoothing",
      "0.2",
      "--nll",
      "0.1",
    );
    assert.deepEqual(
      [labelSmoothing, targetMargin, tau, nll, lengthNormalized],
      [0.2, undefined, undefined, 0.1, undefined],
    );
    assert.equal(parsed("--length-normalized").lengthNormalized, true);
    assert.equal(parsed("--no-length-normalized").lengthNormalized, false);
    for (const text of ["dpo=0.8,ppo=0.2", "dpo,nll", "dpo=1=2", "dpo=", "dpo=a"])
      assert.throws(() => parsed("--loss", text), /found "/, text);
    assert.throws(() => parsed("--loss", "dpo=1,dpo=2"), /found "dpo=1,dpo=2", expected .* each once/);
  });

  it("are left out unless they are given", () => {
    assert.deepEqual(givenOptions(parsed()), {});
    const flags = [
      "--max-steps",
      "9",
      "--evaluate-every",
      "3",
      "--keep-best-by",
      "eval_rewards/margins",
      "--patience",
      "2",
      "--ema-decay",
      "0.9",
    ];
    assert.deepEqual(
      givenOptions(
        parsed(...flags, "--micro-batch-size", "4", "--reference-every", "5", "--reference-ema", "0.6", "--limit", "3"),
      ),
      {
        ...{
          microBatchSize: 4,
          maxSteps: 9,
          evaluateEvery: 3,
          keepBestBy: "eval_rewards/margins",
          patience: 2,
          emaDecay: 0.9,
        },
        ...{ referenceEvery: 5, referenceEma: 0.6 },
      },
    );
    assert.throws(
      () => parsed("--keep-best-by", "eval_los"),
      /found "eval_los", expected one of eval_loss, eval_rewards\/accuracies, eval_rewards\/margins, eval_rewards\/chosen; did you mean eval_loss\?$/,
    );
  });

  it("of another method are refused by the names of their flags", () => {
    const refused = (message: string | RegExp, method: string, ...flags: readonly string[]) =>
      assert.throws(() => methodFromFlags(method, parsed(...flags)), { name: "InputError", message });
    const withBeta = Object.values(recipeForms)
      .filter(({ name }) => name !== "sft")
      .map(({ name }) => onCommandLine.method(name));
    refused("--per-prompt is not an option of direct; it belongs to sera, dice", "direct", "--per-prompt", "2");
    refused("--iterations is not an option of direct; use --epochs", "direct", "--iterations", "2");
    refused("--epochs is not an option of curry-dpo; use --rounds", "curry-dpo", "--epochs", "2");
    refused(`--beta is not an option of sft; it belongs to ${withBeta.join(", ")}`, "sft", "--beta", "2");
    refused(
      `--method: found "dpo", expected one of ${Object.keys(namedMethods).join(", ")}; for the loss alone, use direct with --loss dpo`,
      "dpo",
    );
  });

  it("have a flag for each option of each method, with its choices, default and methods in the help", () => {
    const command = allMethodOptions(new Command("test"));
    const flags = new Map(command.options.map((option) => [option.attributeName(), option.description]));
    for (const { form } of Object.values(namedMethods))
      assert.deepEqual(
        Object.keys(form.table).filter((name) => !flags.has(name)),
        [],
      );
    assert.equal(flags.get("batchSize"), "pairs per optimizer step (default: 32)");
    assert.equal(
      flags.get("schedule"),
      "shape of the learning rate after the warm-up (choices: linear, cosine, constant; default: linear)",
    );
    assert.equal(
      flags.get("perPrompt"),
      "largest number of pairs per prompt that review keeps (for sera, dice; default: all)",
    );
    assert.equal(
      flags.get("bootstrap"),
      "K̃/N: number of pairs that the policy generates, as a share of the number in the data (for sera, iterative-dpo, dice; default: 0.3, 1 for iterative-dpo, 0.5 for dice)",
    );
    assert.equal(flags.get("tau"), "discopop: width of the modulation (not for sft, irepo, aihf; default: 0.05)");
    assert.match(flags.get("referenceEma")!, /\(not for sft; default: 1 if --reference-every is given\)$/);
  });

  it("are described without names that only cells use", () => {
    const command = allMethodOptions(new Command("test"));
    const names = new Set(command.options.map((option) => option.attributeName()));
    for (const { long, description } of command.options) {
      assert.doesNotMatch(description, /`/, long);
      const words: readonly string[] = description.match(/\w+/g) ?? [];
      assert.deepEqual(
        words.filter((word) => /[A-Z]/.test(word) && names.has(word)),
        [],
        long,
      );
    }
    const describedBy = (flag: string) => command.options.find(({ long }) => long === flag)!.description;
    assert.match(describedBy("--iteration-epochs"), /; --rounds is this times/);
    assert.match(describedBy("--sample-temperature"), /; evaluation uses --temperature \(/);
    assert.match(describedBy("--segment"), /in at most --max-new-tokens tokens/);
  });

  it("are refused with the valid values if a value is unknown", () => {
    assert.throws(() => parsed("--schedule", "sine"), /found "sine", expected one of linear, cosine, constant$/);
    assert.throws(
      () => parsed("--provider", "tpu"),
      /found "tpu", expected one of cpu, webgpu, cuda, dml, coreml, auto$/,
    );
    assert.throws(() => parsed("--loss", "ppo"), /found "ppo", expected one of .*dpo/);
    assert.throws(() => parsed("--responses", "1"), /found "1", expected a whole number from 2$/);
  });
});
