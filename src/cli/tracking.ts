import { InvalidArgumentError, type Command } from "commander";
import type { Tracker } from "../run/tracking.js";
import { mlflow } from "../tracking/mlflow.js";
import { tensorBoard } from "../tracking/tensorboard.js";
import { wandb } from "../tracking/wandb.js";

/** Where to send the steps of a run in addition to its folder. */
export interface TrackingArguments {
  readonly track?: readonly Tracker[];
}

export function trackingOptions(command: Command): Command {
  return command.option(
    "--track <where>",
    "also send each step to tensorboard:<folder>, mlflow (MLFLOW_TRACKING_URI) or wandb (WANDB_API_KEY); may be given several times",
    trackers,
  );
}

/** @throws InputError if a tracker's address or key is not set */
function trackers(text: string, before: readonly Tracker[] = []): Tracker[] {
  return [...before, tracker(text)];
}

function tracker(text: string): Tracker {
  const folder = /^tensorboard:(.+)$/.exec(text)?.[1];
  if (folder !== undefined) return tensorBoard(folder);
  if (text === "mlflow") return mlflow();
  if (text === "wandb") return wandb();
  throw new InvalidArgumentError(`found "${text}", expected tensorboard:<folder>, mlflow or wandb`);
}
