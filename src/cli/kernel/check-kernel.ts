import { reasonOf, bad, good, type Finding } from "./finding.js";

const remedy = "what is missing stands above; if nothing is, a fresh npm ci";

/** Checks whether the kernel starts and runs a cell, over the sockets that a front end uses. */
export async function checkKernel(): Promise<Finding> {
  const begin = performance.now();
  try {
    // Loaded here because loading fails without zeromq, which the doctor must report too.
    const { tryKernel } = await import("./try-kernel.js");
    const found = await tryKernel("1 + 1");
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    if (found === "2") return good(`the kernel starts and runs a cell, in ${seconds} s`);
    return bad(`the kernel answers 1 + 1 with ${found ?? "no result"}`, remedy);
  } catch (error) {
    return bad(`the kernel does not run a cell: ${reasonOf(error)}`, remedy);
  }
}
