import { randomUUID } from "node:crypto";
import { access, constants, link, open, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../../base/errors.js";
import { isMissing, makeFolder, naming } from "../../base/files.js";

/** The holder of a lock; values that the system does not provide are null. */
const holder = z.object({
  token: z.string(),
  pid: z.int().positive(),
  host: z.string(),
  /** The system's clock tick in which the process began, which differs for a later process with the same pid. */
  processStart: z.string().nullable(),
  /** Changes when the machine reboots. */
  boot: z.string().nullable(),
  /** The pid's namespace: the same pid in two containers means different processes. */
  namespace: z.string().nullable(),
  since: z.string(),
  released: z.boolean(),
});
type Holder = z.infer<typeof holder>;

const pattern = /^\.lock-(\d+)$/;

/**
 * Locks a folder, so that only one process works in it.
 *
 * The lock is a file `.lock-N`; the owner of the highest N holds the lock. A lock is never taken over in place: once
 * the holder of N has released it or is dead, the next process creates `.lock-(N+1)`. Only one process can (a hard link
 * to an existing name fails), so two processes that find the same stale lock cannot both get it.
 *
 * @returns a function that releases the lock
 * @throws InputError if a live process holds it, or a process on another host, whose state is unknown here; if the
 *   folder is not writable
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await makeWritable(folder);
  const own = await ownHolder();
  for (;;) {
    const highest = (await numbersIn(folder)).at(-1) ?? 0;
    const before = highest === 0 ? undefined : await readHolder(folder, highest);
    if (before) await refuseLiving(folder, highest, before, own);
    const number = highest + 1;
    if (!(await place(folder, number, own))) continue;
    const numbers = await numbersIn(folder);
    if (numbers.at(-1) !== number) {
      // The lock that this one was numbered after has since been superseded.
      await rm(fileOf(folder, number), { force: true });
      continue;
    }
    for (const old of numbers.slice(0, -1)) await rm(fileOf(folder, old), { force: true });
    return () => release(folder, number, own);
  }
}

/** Reasons why a folder is not writable, by system error. */
const refusals: Readonly<Record<string, string>> = {
  EACCES: "there is no permission to write there",
  EPERM: "there is no permission to write there",
  EROFS: "the file system is read-only",
  EEXIST: "a file has that name",
  ENOTDIR: "a part of its path is a file",
};

async function makeWritable(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!Object.hasOwn(refusals, code)) throw error;
    throw new InputError(`${folder}: a run cannot be kept here: ${refusals[code]}; give another folder`, {
      cause: error,
    });
  }
}

/**
 * Marks a lock as released. The file stays, so that numbering never restarts. It is overwritten in place with the same
 * number of bytes, which works even on a full disk.
 */
async function release(folder: string, number: number, own: Holder): Promise<void> {
  const released = JSON.stringify({ ...own, released: true }).padEnd(JSON.stringify(own).length);
  const path = fileOf(folder, number);
  try {
    const file = await open(path, "r+");
    try {
      await naming(path, () => file.write(released, 0));
    } finally {
      await file.close();
    }
  } catch (error) {
    // The folder was removed under the run.
    if (!isMissing(error)) throw error;
  }
}

/** Creates a lock file with its content atomically; returns false if the name is taken. */
async function place(folder: string, number: number, own: Holder): Promise<boolean> {
  const draft = join(folder, `.lock-${own.token}.tmp`);
  try {
    await naming(draft, () => writeFile(draft, JSON.stringify(own)));
    await link(draft, fileOf(folder, number));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

const fileOf = (folder: string, number: number) => join(folder, `.lock-${number}`);

async function numbersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Reads a lock's holder; undefined if the file is gone or unreadable, because its writer was killed or it is damaged.
 */
async function readHolder(folder: string, number: number): Promise<Holder | undefined> {
  try {
    return holder.parse(JSON.parse(await readFile(fileOf(folder, number), "utf8")));
  } catch {
    return undefined;
  }
}

async function refuseLiving(folder: string, number: number, other: Holder, own: Holder): Promise<void> {
  if (other.released) return;
  const who = `process ${other.pid} on ${other.host}, since ${other.since}`;
  if (other.host !== own.host || (other.namespace !== own.namespace && other.boot === own.boot)) {
    throw new InputError(
      `${folder}: in use by ${who}; whether it still runs cannot be seen from here. ` +
        `Once it has ended, remove ${fileOf(folder, number)} and start again`,
    );
  }
  if (other.boot !== own.boot || !(await isAlive(other))) return;
  const advice =
    other.pid === process.pid ? "this process is already working on the run; wait for it" : "wait for it, or stop it";
  throw new InputError(`${folder}: in use by ${who}; ${advice}, or use another folder`);
}

async function isAlive({ pid, processStart }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const now = await startOf(pid);
  return processStart === null || now === null || now === processStart;
}

async function ownHolder(): Promise<Holder> {
  return {
    token: randomUUID(),
    pid: process.pid,
    host: hostname(),
    processStart: await startOf(process.pid),
    boot: await readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
      (text) => text.trim(),
      () => null,
    ),
    namespace: await readlink("/proc/self/ns/pid").catch(() => null),
    since: new Date().toISOString(),
    released: false,
  };
}

/**
 * Reads a process's start time, field 22 of /proc/pid/stat (proc(5)); null without such a file. A zombie counts as
 * ended.
 */
async function startOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return null;
  // The second field is the program's name in parentheses, which may contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? "ended" : (fields[19] ?? null);
}
