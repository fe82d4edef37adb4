import { execFile } from "node:child_process";

/**
 * Lists every descendant of a process from the system's process list, parents before children; empty on Windows, which
 * has no such list readily available.
 *
 * @param without processes to exclude together with their descendants
 */
export async function descendants(root: number, without: ReadonlySet<number>): Promise<number[]> {
  const list = await processes();
  const found: number[] = [];
  const below = (parent: number) => {
    for (const { pid } of list.filter((process) => process.parent === parent)) {
      if (without.has(pid)) continue;
      found.push(pid);
      below(pid);
    }
  };
  below(root);
  return found;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
}

function processes(): Promise<Process[]> {
  if (process.platform === "win32") return Promise.resolve([]);
  return new Promise((resolve) => {
    const ps = execFile("ps", ["-A", "-o", "pid=,ppid="], { maxBuffer: 2 ** 24 }, (error, stdout) => {
      const lines = error ? [] : stdout.trim().split("\n");
      const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
      resolve(pairs.map(([pid, parent]) => ({ pid: pid!, parent: parent! })).filter(({ pid }) => pid !== ps.pid));
    });
  });
}
