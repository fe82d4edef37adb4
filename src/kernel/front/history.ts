import type { z } from "zod";
import type { Content } from "../wire/message.js";
import type { contents } from "./contents.js";

type Asked = z.output<typeof contents.history>;

/** Session number in the protocol for the only session whose history is kept: the present one. */
const session = 1;

/** History of this kernel's cells, for front ends that recall them (a console's arrow keys). */
export class History {
  private readonly cells: { readonly count: number; readonly code: string }[] = [];

  /** @param count execution count that the notebook shows next to the cell */
  add(count: number, code: string): void {
    this.cells.push({ count, code });
  }

  /** Returns the content of the reply to a `history_request`. Outputs are not stored. */
  reply(asked: Asked): Content {
    const entry = ({ count, code }: (typeof this.cells)[number]) => [
      session,
      count,
      asked.output ? [code, null] : code,
    ];
    return { status: "ok", history: this.find(asked).map(entry) };
  }

  private find({ hist_access_type, start, stop, n, pattern, unique, session: of }: Asked) {
    switch (hist_access_type) {
      case "range":
        // 0 and negative numbers count back from the present session.
        if (of !== 0 && of !== session) return [];
        return this.cells.filter(({ count }) => count >= start && count < (stop ?? Infinity));
      case "tail":
        return lastOf(this.cells, n);
      case "search": {
        const matches = globOf(pattern ?? "*");
        const found = this.cells.filter(({ code }) => matches.test(code));
        return lastOf(
          unique ? found.filter(({ code }, i) => found.findLastIndex((other) => other.code === code) === i) : found,
          n,
        );
      }
    }
  }
}

function lastOf<Item>(items: readonly Item[], n: number | null | undefined): readonly Item[] {
  return n == null ? items : items.slice(Math.max(0, items.length - n));
}

/** Converts a glob pattern: `*` matches any text and `?` any character. */
function globOf(pattern: string): RegExp {
  const literal = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
}
