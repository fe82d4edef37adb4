import { InputError } from "../../base/errors.js";
import type { Estimate, Spending } from "../judge.js";
import { costOf, type Price } from "./prices.js";

/** Limits that are never passed. */
export interface Caps {
  /** US dollars. */
  readonly maxCost?: number;
  /** Requests. */
  readonly maxCalls?: number;
}

/** Tokens of a request: in, and out. */
export interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Adds up what a judge costs and refuses the request that would pass a cap. Before a request its input (estimated) and
 * the longest answer that it allows are set aside; afterwards what the response says was used takes their place.
 */
export class Budget {
  private calls = 0;
  private cached = 0;
  private inputTokens = 0;
  private outputTokens = 0;
  /** Dollars set aside for requests that are under way, or were lost and may be billed all the same. */
  private reserved = 0;

  /** @param price undefined where it is not known; there can be no `maxCost` then */
  constructor(
    private readonly price: Price | undefined,
    private readonly caps: Caps,
    /** Tells the user how to go on from a cap. */
    private readonly hint: string,
  ) {}

  get spent(): Spending {
    const { calls, cached, inputTokens, outputTokens } = this;
    return { calls, cached, inputTokens, outputTokens, cost: this.cost({ inputTokens, outputTokens }) };
  }

  countCached(): void {
    this.cached++;
  }

  /** @throws InputError where what is planned passes a cap */
  check({ calls, cost }: Estimate): void {
    const { maxCost, maxCalls } = this.caps;
    const { spent } = this;
    if (maxCalls !== undefined && spent.calls + calls > maxCalls) {
      throw new InputError(`maxCalls: found ${calls} questions to ask${after(spent.calls, `${spent.calls} asked`)}, expected at most ${maxCalls}; ${this.hint}`);
    }
    if (maxCost !== undefined && spent.cost! + cost! > maxCost) {
      throw new InputError(
        `maxCost: found questions for about ${dollars(cost!)}${after(spent.cost!, `${dollars(spent.cost!)} spent`)}, expected at most ${dollars(maxCost)}; ${this.hint}`,
      );
    }
  }

  /**
   * Counts a request that is about to be sent.
   *
   * @param most the most that it can use
   * @returns to be called once with what it used; never, where that is not known
   * @throws InputError where it would pass a cap
   */
  begin(most: Tokens): (used: Tokens) => void {
    const { maxCost, maxCalls } = this.caps;
    if (maxCalls !== undefined && this.calls >= maxCalls) {
      throw new InputError(`maxCalls: found ${this.calls} calls made, expected at most ${maxCalls}; ${this.hint}`);
    }
    const next = this.cost(most) ?? 0;
    const committed = (this.spent.cost ?? 0) + this.reserved;
    if (maxCost !== undefined && committed + next > maxCost) {
      throw new InputError(
        `maxCost: found ${dollars(committed)} spent or set aside and a call of up to ${dollars(next)}, expected at most ${dollars(maxCost)}; ${this.hint}`,
      );
    }
    this.calls++;
    this.reserved += next;
    return ({ inputTokens, outputTokens }) => {
      this.reserved -= next;
      this.inputTokens += inputTokens;
      this.outputTokens += outputTokens;
    };
  }

  /** Dollars of so many tokens; undefined where the price is not known. */
  cost({ inputTokens, outputTokens }: Tokens): number | undefined {
    return this.price && costOf(this.price, inputTokens, outputTokens);
  }
}

/** An amount as text: `$1.20`, and small ones with the digits that they need. */
export function dollars(amount: number): string {
  return `$${amount >= 0.1 || amount === 0 ? amount.toFixed(2) : amount.toPrecision(2)}`;
}

function after(amount: number, text: string): string {
  return amount > 0 ? ` after ${text}` : "";
}
