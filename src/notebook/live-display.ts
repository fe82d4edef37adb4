import { randomUUID } from "node:crypto";
import { bundleOf } from "./bundle.js";
import { display } from "./display.js";
import { host, redrawEvery } from "./host.js";

/** A cell output that is updated while code runs. */
export interface LiveDisplay {
  /** Replaces the displayed value, unless it was drawn less than a fifth of a second ago. */
  show(value: unknown): Promise<void>;
  /** Displays the final value. */
  finish(value: unknown): Promise<void>;
}

/**
 * Creates an output that is updated in place, at most five times a second. Outside a kernel, only the final value is
 * printed.
 *
 * @example
 * const text = liveDisplay();
 * for await (const { answer } of talk) await text.show(answer);
 * await text.finish(answer);
 */
export function liveDisplay(): LiveDisplay {
  const kernel = host();
  if (!kernel) return { show: async () => {}, finish: display };
  const id = `live-${randomUUID()}`;
  let drawnAt: number | undefined;
  const draw = async (value: unknown) => {
    kernel.show(await bundleOf(value), id, drawnAt !== undefined);
    drawnAt = performance.now();
  };
  return {
    async show(value) {
      if (drawnAt === undefined || performance.now() - drawnAt >= 1000 * redrawEvery) await draw(value);
    },
    finish: draw,
  };
}
