import { Command } from "commander";
import { pushRun } from "../cells/push-run.js";
import { Run } from "../cells/run.js";
import { withUpload } from "../cells/transfer.js";
import { pushFolder } from "../model/policy/push.js";
import { InputError } from "../base/errors.js";
import { isRunFolder } from "../run/folder/identity.js";
import { whole } from "./options.js";
import { continues, withSignals, type WatchedSession } from "./session.js";

interface PushArguments {
  readonly iteration?: number;
  readonly baseModel?: string;
  readonly dataset?: readonly string[];
  readonly public: boolean;
  readonly message?: string;
  readonly quiet: boolean;
}

export function pushCommand(): Command {
  return new Command("push")
    .description(
      "Upload a trained model to the Hugging Face hub: weights or adapter, tokenizer and model card. The repository is private unless --public is given; HF_TOKEN holds your token.",
    )
    .argument("<folder>", "the folder of a run, a model or an adapter")
    .argument("<name>", "user/name of the repository, which is created if it does not exist")
    .option(
      "--iteration <n>",
      "iteration whose policy is uploaded, if the folder is a run's (default: the last)",
      whole(0),
    )
    .option(
      "--base-model <name>",
      "name on the hub of the model that was trained (default: the one that an adapter names)",
    )
    .option(
      "--dataset <name>",
      "name on the hub of a data set that it was trained on; may be given several times",
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .option("--public", "make a new repository public", false)
    .option("--message <text>", "the commit's message (default: Upload model)")
    .option("--quiet", "show no progress", false)
    .addHelpText(
      "after",
      `
Example:
  sera push runs/mine me/aligned --dataset trl-lib/ultrafeedback_binarized`,
    )
    .action(async (folder: string, name: string, args: PushArguments) => {
      process.stdout.write(
        `${await withSignals(args.quiet, continues, (session) => push(folder, name, args, session))}\n`,
      );
    });
}

/** @returns the URL of the model's page */
async function push(
  folder: string,
  name: string,
  { iteration, baseModel, dataset: datasets, message, ...args }: PushArguments,
  session: WatchedSession,
): Promise<string> {
  const options = { baseModel, datasets, message, private: !args.public };
  if (await isRunFolder(folder))
    return (await pushRun(await Run.open(folder), name, { ...options, iteration }, undefined, session)).url;
  if (iteration !== undefined) throw new InputError(`${folder}: not the folder of a run; leave --iteration out`);
  return (await withUpload(name, (task) => pushFolder(folder, name, {}, { ...options, ...task }), session)).url;
}
