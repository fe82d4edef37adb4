import * as b from "../../../src/graph/build.js";
import type { Value } from "../../../src/graph/value.js";
import type { Case } from "./case.js";
import { held, integers, normal, numbers } from "./case.js";

type Seven = [Value, Value, Value, Value, Value, Value, Value];
type Nine = [...Seven, Value, Value];

/** Self-attention over 3 tokens of width 4: two query heads on one key and value head, causal, with a residual. */
function attention(...inputs: Value[]): Value {
  const [x, norm, query, key, value, out, position, cos, sin] = inputs as Nine;
  const normed = b.reshape(b.rmsNorm(x, norm, 1e-5), [3, 4]);
  const heads = (weight: Value, count: number) =>
    b.transpose(b.reshape(b.matmul(normed, weight, { transposeB: true }), [1, 3, count, 2]), [0, 2, 1, 3]);
  const q = b.rotary(heads(query, 2), position, cos, sin);
  const k = b.broadcast(b.rotary(heads(key, 1), position, cos, sin), [1, 2, 3, 2]);
  const v = b.broadcast(heads(value, 1), [1, 2, 3, 2]);
  const scores = b.matmul(q, k, { transposeB: true, scale: Math.SQRT1_2 });
  const past = x.graph.constant({ dtype: "bool", shape: [3, 3], data: Uint8Array.of(1, 0, 0, 1, 1, 0, 1, 1, 1) });
  const mixed = b.matmul(b.softmax(b.where(past, scores, -1e30)), v);
  const joined = b.reshape(b.transpose(mixed, [0, 2, 1, 3]), [3, 4]);
  return b.add(x, b.reshape(b.matmul(joined, out, { transposeB: true }), [1, 3, 4]));
}

/** Embedding, norm, a gated layer, a tied head, and the mean negative log-likelihood of three tokens. */
function languageModel(...inputs: Value[]): Value {
  const [embedding, norm, gate, up, down, tokens, targets] = inputs as Seven;
  const x = b.gather(embedding, tokens);
  const normed = b.rmsNorm(x, norm, 1e-5);
  const hidden = b.mul(
    b.silu(b.matmul(normed, gate, { transposeB: true })),
    b.matmul(normed, up, { transposeB: true }),
  );
  const y = b.add(x, b.matmul(hidden, down, { transposeB: true }));
  const logits = b.matmul(y, embedding, { transposeB: true });
  return b.neg(b.mean(b.gatherElements(b.logSoftmax(logits), targets, 1)));
}

/** DPO's loss of two log-ratios (Rafailov et al. 2023, eq. 7) with β = 0.1. */
const dpo = (chosen: Value, rejected: Value): Value => b.neg(b.mean(b.logSigmoid(b.mul(b.sub(chosen, rejected), 0.1))));

/** Combinations of ops as in models. */
export const compositions: readonly Case[] = [
  {
    title: "an attention block",
    inputs: [
      ...[normal(1, 3, 4), normal(4), normal(4, 4), normal(2, 4), normal(2, 4), normal(4, 4)],
      integers([1, 3], [0, 1, 2]),
      held(numbers([3, 1], [0, 1, 2].map(Math.cos))),
      held(numbers([3, 1], [0, 1, 2].map(Math.sin))),
    ],
    build: attention,
  },
  {
    title: "a small language model and its loss",
    inputs: [
      ...[normal(4, 3), normal(3), normal(5, 3), normal(5, 3), normal(3, 5)],
      integers([3], [1, 2, 1]),
      integers([3, 1], [2, 1, 3]),
    ],
    build: languageModel,
  },
  { title: "DPO's loss", inputs: [normal(4), normal(4)], build: dpo },
  {
    title: "a global-norm clip",
    inputs: [normal(3), normal(2, 2)],
    build: (x, y) => {
      const norm = b.sqrt(b.add(b.sum(b.mul(x, x)), b.sum(b.mul(y, y))));
      return b.mul(x, b.div(x.graph.constant(1), b.maximum(norm, 1)));
    },
  },
];
