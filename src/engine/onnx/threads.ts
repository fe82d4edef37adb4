import { availableParallelism, cpus } from "node:os";

/**
 * The threads that onnxruntime is told to use. With 0 it makes one for each physical core and ties it there, also where the
 * process may not run on that core (`taskset`, containers, cluster schedulers); so where not all cores are the
 * process's, it is told how many are.
 *
 * @param asked 0 for one on each physical core
 * @param allowed cores that the process may run on
 * @param cores of the machine
 */
export function threadsFor(asked: number, allowed = availableParallelism(), cores = cpus().length): number {
  return asked === 0 && allowed < cores ? allowed : asked;
}
