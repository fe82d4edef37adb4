import type { Command } from "commander";
import { InputError } from "../base/errors.js";
import { modelServer, type ModelServer } from "../run/server/model-server.js";
import { flagOf } from "./options.js";

/** Arguments for a server that generates responses. */
export interface ServerArguments {
  readonly server?: string;
  readonly serverModel?: string;
  readonly serverKey?: string;
  readonly serverAdapters?: string;
  readonly serverScore?: boolean;
}

const settings = [
  "serverModel",
  "serverKey",
  "serverAdapters",
  "serverScore",
] as const satisfies readonly (keyof ServerArguments)[];

/** Adds the flags of a server, for commands that only query it. */
export function serverOptions(command: Command, address: string): Command {
  return command
    .option("--server <address>", address)
    .option("--server-model <name>", "name of the model on the server (default: the only one that it lists)")
    .option(
      "--server-key <variable>",
      "environment variable that holds the server's API key (default: no key is sent)",
    );
}

/** Adds the flags of a server that generates the responses of a run. */
export function runServerOptions(command: Command): Command {
  const address =
    "generate responses on a model server, vLLM or llama.cpp, such as http://localhost:8000/v1 (default: on this machine)";
  return serverOptions(command.optionsGroup("Model server:"), address)
    .option(
      "--server-adapters <folder>",
      "folder that both this machine and a vLLM server can access: the server generates with each iteration's adapter, which is stored there (default: it generates with the model that it serves)",
    )
    .option("--server-score", "also compute log-probabilities on the server; needs --server-adapters");
}

/**
 * Creates the server that flags name; undefined if they name none.
 *
 * @throws InputError if a flag is invalid, or given without `--server`
 */
export function modelServerOf(given: ServerArguments): ModelServer | undefined {
  if (given.server === undefined) {
    const lonely = settings.find((name) => given[name] !== undefined);
    if (lonely !== undefined) throw new InputError(`${flagOf(lonely)}: there is no server; give --server too`);
    return undefined;
  }
  const {
    server: address,
    serverModel: model,
    serverKey: keyVariable,
    serverAdapters: adapters,
    serverScore: score,
  } = given;
  return modelServer({ address, model, keyVariable, adapters, score });
}
