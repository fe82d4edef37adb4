import type { OpName } from "../../../src/graph/attributes.js";
import { arrangement } from "./arrangement.js";
import type { Case } from "./case.js";
import { contractions } from "./contractions.js";
import { elementwise } from "./elementwise.js";
import { indexing } from "./indexing.js";
import { leaves } from "./leaves.js";
import { quantized } from "./quantized.js";
import { transformer } from "./transformer.js";

/** Cases for every op; an op without cases does not compile. */
export const cases: Readonly<Record<OpName, readonly Case[]>> = {
  ...leaves,
  ...elementwise,
  ...contractions,
  ...arrangement,
  ...quantized,
  ...indexing,
  ...transformer,
};
