/*
 * Reads mutants, one after the other, as it is told: `{ kind, seed, from, to }`. It says which one it begins, so that
 * whoever watches it knows what it hangs or breaks at. What a rejection that nobody handles belongs to, it says too.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../src/base/random.js";
import { mutant } from "./mutate.js";
import { done, outcomeOfError, third, type Outcome } from "./outcomes.js";
import { inputKinds } from "./readers.js";

/** What the process is told. */
export interface MutantRequest {
  readonly kind: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** What it says. */
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
    // A rejection is told after the turn in which it was left alone.
    await new Promise(setImmediate);
    if (stray !== undefined) outcome = third(stray);
    rmSync(folder, { recursive: true, force: true });
    say({ ended: index, outcome });
  }
  say({ finished: true });
}

if (process.send) process.on("message", (request: MutantRequest) => void read(request));
