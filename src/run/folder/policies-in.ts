import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../base/errors.js";
import { iterationOf, runLayout } from "./layout.js";
import { isRunFolder } from "./identity.js";

/**
 * Checks that a model's folder is not a run's folder or one of its iterations.
 *
 * @throws InputError listing the paths of the run's models
 */
export async function refuseRunAsModel(path: string): Promise<void> {
  if (await isRunFolder(path)) {
    const iterations = (await readdir(path)).flatMap((name) => iterationOf(`${name}/`) ?? []).sort((a, b) => b - a);
    for (const t of iterations) {
      const model = join(path, runLayout.iteration(t).model);
      if (await isFolder(model))
        throw new InputError(
          `${path}: this is the folder of a run; the policy that it ended with is ${model}, that of iteration N in iteration-N/model`,
        );
    }
    throw new InputError(`${path}: this is the folder of a run, which has trained no policy yet`);
  }
  const model = join(path, "model");
  if (/(?:^|[\\/])iteration-\d+[\\/]?$/.test(path) && (await isFolder(model))) {
    throw new InputError(`${path}: this is the folder of an iteration; its policy is ${model}`);
  }
}

/** @throws InputError if a source of examples is the folder of a run, saying what can be read from it */
export async function refuseRunAsData(path: string): Promise<void> {
  if (!(await isRunFolder(path))) return;
  throw new InputError(
    `${path}: this is the folder of a run, not a file of examples. Run.open(${JSON.stringify(path)}) reads it in a cell; the pairs that it made are in ${join(path, "iteration-N", "bootstrapped.jsonl")}`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
