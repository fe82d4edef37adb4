import { availableParallelism, cpus } from "node:os";

/**
 * The number of threads to request from onnxruntime. With 0 it creates one for each physical core and pins it there, even if the
 * process may not run on that core (`taskset`, containers, cluster schedulers); so if the process does not have all cores, the
 * number is set explicitly.
 *
 * @param asked 0 for one on each physical core
 * @param allowed cores that the process may run on
 * @param cores of the machine
 */
export function threadsFor(asked: number, allowed = availableParallelism(), cores = cpus().length): number {
  return asked === 0 && allowed < cores ? allowed : asked;
}
