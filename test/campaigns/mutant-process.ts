/*
 * Reads mutants one by one on request: `{ kind, seed, from, to }`. It reports which one it begins, so that its parent knows
 * where it hangs or crashes, and to which one an unhandled rejection belongs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../src/base/random.js";
import { mutant } from "./mutate.js";
import { done, outcomeOfError, third, type Outcome } from "./outcomes.js";
import { inputKinds } from "./readers.js";

/** A request to the process. */
export interface MutantRequest {
  readonly kind: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** A report of the process. */
export type MutantReport =
  | { readonly began: number }
  | { readonly ended: number; readonly outcome: Outcome }
  | { readonly finished: true };

/** Bytes of a mutant. */
export function mutantOf(kind: string, seed: number, index: number): Buffer {
  const { good, isText } = inputKinds[kind]!;
  const random = Random.seeded(seed).fork(kind, index);
  const all = good();
  return mutant(random.pick(all), random, isText, all);
}

const say = (report: MutantReport) => process.send!(report);
let stray: string | undefined;
process.on("unhandledRejection", (reason) => (stray = `unhandled rejection: ${String(reason)}`));

async function read({ kind, seed, from, to }: MutantRequest): Promise<void> {
  const { read } = inputKinds[kind]!;
  for (let index = from; index < to; index++) {
    say({ began: index });
    const bytes = mutantOf(kind, seed, index);
    const folder = mkdtempSync(join(tmpdir(), "sera-mutant-"));
    stray = undefined;
    let outcome = await read(bytes, folder).then(
      () => done,
      (error: unknown) => outcomeOfError(error, [folder]),
    );
    // An unhandled rejection is reported after the turn in which it happened.
    await new Promise(setImmediate);
    if (stray !== undefined) outcome = third(stray);
    rmSync(folder, { recursive: true, force: true });
    say({ ended: index, outcome });
  }
  say({ finished: true });
}

if (process.send) process.on("message", (request: MutantRequest) => void read(request));
