import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Command } from "commander";
import { alignCommand } from "../../src/cli/align.js";
import { compareCommand } from "../../src/cli/compare.js";
import { quickstartCommand } from "../../src/cli/quickstart.js";
import { sftCommand } from "../../src/cli/sft.js";
import { asTyped, checkOptionNames, commandOf } from "../../src/cli/spelling.js";

const program = () =>
  new Command("sera")
    .addCommand(alignCommand([]))
    .addCommand(sftCommand([]))
    .addCommand(compareCommand())
    .addCommand(quickstartCommand());

describe("asTyped", () => {
  const typed = (message: string) => asTyped(message, alignCommand([]));

  it("writes options as they are typed", () => {
    assert.equal(
      typed('keepBestBy: found "eval_loss" without evaluations to choose from; set evaluateEvery too'),
      '--keep-best-by: found "eval_loss" without evaluations to choose from; set --evaluate-every too',
    );
    assert.equal(typed("beta: found -1, expected a number above 0"), "--beta: found -1, expected a number above 0");
    assert.equal(
      typed("runs/a/summary.json: missing; make it again with `redoFrom: 2`, or use another folder"),
      "runs/a/summary.json: missing; make it again with --redo-from 2, or use another folder",
    );
    assert.equal(
      typed('`rewardAgainst` applies only to `labelBy: "implicit"`; remove it'),
      '--reward-against applies only to --label-by "implicit"; remove it',
    );
    assert.equal(typed("pass `judge`, `heldOut` or `validation`"), "pass --judge, --eval-data or --validation-data");
  });

  it("writes the settings of a model server as flags", () => {
    assert.equal(typed("modelServer: `model` is missing; give it"), "modelServer: --server-model is missing; give it");
    assert.equal(typed("modelServer: address: found 1"), "--server: found 1");
    assert.equal(typed("modelServer: name it in `keyVariable`"), "modelServer: name it in --server-key");
    assert.equal(typed("modelServer: `serverAdapters` says"), "modelServer: `serverAdapters` says");
  });

  it("leaves data, paths and names that are not options unchanged", () => {
    for (const text of [
      'row 3: field "labelBy" is missing',
      "runs/a: options.perPrompt: 1 there, 2 now",
      "select and beta",
      "chosenScore",
      "loss.jsonl: the file is empty",
      "`nothing`",
    ]) {
      assert.equal(typed(text), text);
    }
  });
});

describe("a mistyped command line", () => {
  const refused = (args: string, message: string) =>
    assert.throws(() => commandOf(program(), args.split(" ")), { name: "InputError", message });

  it("names the command that was probably meant, also before --help", () => {
    refused("algin --help", "there is no command sera algin; did you mean align?");
    refused("help algin", "there is no command sera algin; did you mean align?");
    refused("frobnicate", "there is no command sera frobnicate; the commands are align, sft, compare, quickstart");
    assert.equal(commandOf(program(), ["align", "--beta", "1", "--help"]).name(), "align");
    assert.equal(commandOf(program(), ["--help"]).name(), "sera");
  });

  it("names the option that was probably meant, or what to use instead", () => {
    refused("align --bta 1", "--bta is not an option of sera align; did you mean --beta?");
    refused("align --bta=1", "--bta is not an option of sera align; did you mean --beta?");
    refused("compare --iterations 3", "--iterations is not an option of sera compare; use --rounds");
    refused(
      "compare --resume",
      "--resume is not an option of sera compare; giving the same command again continues a comparison",
    );
    refused(
      "quickstart --resume",
      "--resume is not an option of sera quickstart; giving the same command again continues it",
    );
    refused(
      "compare --redo-from 2",
      "--redo-from is not an option of sera compare; to redo a run, remove its folder in --out and give the same command again",
    );
    refused("sft --epochs 3", "--epochs is not an option of sera sft; use --sft-epochs");
    refused("sft --learning-rate 1", "--learning-rate is not an option of sera sft; use --sft-learning-rate");
    refused("sft --eval-data x", "--eval-data is not an option of sera sft; it belongs to sera align, sera compare");
  });

  it("does not check values as options", () => {
    assert.doesNotThrow(() =>
      checkOptionNames(alignCommand([]), ["--data", "--odd", "--beta", "-1", "--", "--odd"], "sera align"),
    );
  });
});
