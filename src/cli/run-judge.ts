import type { Command } from "commander";
import { InputError } from "../base/errors.js";
import type { Judge } from "../judge/judge.js";
import type { Method } from "../run/method.js";
import {
  judgeFromFlags,
  judgeNames,
  judgeOptions,
  spendingText,
  withoutPrefix,
  type PrefixedJudgeFlags,
} from "./judge-flags.js";

/** The flags that choose and configure a run's judge. */
export interface RunJudgeArguments extends PrefixedJudgeFlags {
  readonly judge?: string;
}

export function runJudgeOptions(command: Command): Command {
  const named = command
    .optionsGroup("Judge:")
    .option(
      "--judge <name>",
      `what labels responses, for methods that label with a judge: ${judgeNames} (default: gold, for prompts of those worlds)`,
    );
  return judgeOptions(named, "judge-", "grade");
}

/**
 * Creates the judge that a command line names for methods that label with one; undefined if it names none.
 *
 * @throws InputError if none of the methods labels with a judge, or judge flags are given without a judge
 */
export async function runJudge(args: RunJudgeArguments, methods: readonly Method[]): Promise<Judge | undefined> {
  const flags = withoutPrefix(args);
  if (args.judge === undefined) {
    if (Object.keys(flags).length > 0)
      throw new InputError("there are settings of a judge (--judge-…), but no judge; give --judge too");
    return undefined;
  }
  if (!methods.some(({ labelsWithJudge }) => labelsWithJudge)) {
    throw new InputError(
      "--judge: nothing is labelled with a judge; use iterative-dpo, curry-dpo, irepo or proxy-reward, or sera or dice with --label-by judge",
    );
  }
  return judgeFromFlags(args.judge, flags, "judge-");
}

/** Reports the cost of a judge on stderr, if it costs anything. */
export function reportSpending(judge: Judge | undefined): void {
  if (judge?.spent) process.stderr.write(`${judge.name}: ${spendingText(judge.spent)}\n`);
}
