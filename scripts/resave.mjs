// Loads a checkpoint or adapter folder and saves it again, for scripts/check_checkpoint_files.py to compare:
//   node scripts/resave.mjs checkpoint FROM TO [DTYPE [MAX_SHARD_BYTES]]
//   node scripts/resave.mjs adapter FROM TO
import { readAdapter, writeAdapter } from "../dist/src/model/checkpoint/adapters/adapter-files.js";
import { loadCheckpoint, saveCheckpoint } from "../dist/src/model/checkpoint/checkpoint.js";

const [kind, from, to, dtype = "float32", maxShardBytes = "5e9"] = process.argv.slice(2);
if (!from || !to || !["checkpoint", "adapter"].includes(kind))
  throw new Error("usage: node scripts/resave.mjs checkpoint|adapter FROM TO");
if (kind === "adapter") await writeAdapter(to, await readAdapter(from));
else await saveCheckpoint(to, await loadCheckpoint(from), { dtype, maxShardBytes: Number(maxShardBytes) });
