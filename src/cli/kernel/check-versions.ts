import { packageFolder } from "../../kernel/package-folder.js";
import { absent, bad, good, reasonOf, type Finding } from "./finding.js";
import { load, oldestNode, versionIn, versionOf } from "./packages.js";

/** Checks whether Node and the packages that the kernel needs are present, and their versions. */
export function checkVersions(): Finding[] {
  return [node(), good(`sera-lab ${versionIn(packageFolder)} in ${packageFolder}`), ...kernelPackages.map(loaded)];
}

/** Packages that the kernel loads before its first cell. */
const kernelPackages = ["tslab", "typescript-for-cells", "zeromq"];

/** Checks optional packages that add features to notebooks. */
export function checkOptionalPackages(): Finding[] {
  const danfo = versionOf("danfojs-node");
  return [
    danfo
      ? good(`danfojs-node ${danfo}`)
      : absent(
          "danfojs-node is not installed",
          "for data frames of danfojs: npm install danfojs-node, with the overrides in sera-lab's package.json",
        ),
  ];
}

function node(): Finding {
  const [major = 0, minor = 0] = oldestNode();
  const [ourMajor = 0, ourMinor = 0] = process.versions.node.split(".").map(Number);
  const text = `Node ${process.versions.node} (${process.execPath})`;
  const fits = ourMajor > major || (ourMajor === major && ourMinor >= minor);
  return fits
    ? good(text)
    : bad(`${text}, expected ${major}.${minor} or newer`, "install a newer Node, and sera kernel install with it");
}

function loaded(name: string): Finding {
  const version = versionOf(name);
  if (version === undefined) return bad(`${name} is not installed`, `npm install in ${packageFolder}`);
  try {
    load(name);
    return good(`${name} ${version}`);
  } catch (error) {
    return bad(
      `${name} ${version} does not load: ${reasonOf(error)}`,
      "npm rebuild, or a fresh npm ci, with the Node that runs this",
    );
  }
}
