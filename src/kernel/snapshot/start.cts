import nodeUrl = require("node:url");

/* The first that a process from a snapshot runs: it goes on to the program that it was started with. */

// The snapshot is this process's own; what a cell forks starts without it.
const at = process.execArgv.indexOf("--snapshot-blob");
process.execArgv = process.execArgv.filter((_, i) => i !== at && i !== at + 1);

void import(nodeUrl.pathToFileURL(process.argv[1]!).href);
