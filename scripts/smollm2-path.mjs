import { homedir } from "node:os";
import { join } from "node:path";

export const smollm2File = "SmolLM2-135M-Instruct.Q4_1.gguf";

const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sera-lab");

/** Where `npm run model:smollm2` puts the model. @param own a folder that the user chose */
export const smollm2Path = (own = folder) => join(own, smollm2File);
