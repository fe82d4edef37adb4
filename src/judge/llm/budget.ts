import { InputError } from "../../base/errors.js";
import type { Estimate, Spending } from "../judge.js";
import { costOf, type Price } from "./prices.js";

/** Spending limits, which are never exceeded. */
export interface Caps {
  /** US dollars. */
  readonly maxCost?: number;
  /** Requests. */
  readonly maxCalls?: number;
}

/** Token counts of a request and its answer. */
export interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Adds up what a judge costs and refuses a request that would exceed a cap. Before each request, the cost of its estimated
 * input and of the longest answer that it allows is reserved; afterwards the usage that the response reports replaces it.
 */
export class Budget {
  private calls = 0;
  private cached = 0;
  private inputTokens = 0;
  private outputTokens = 0;
  /** Dollars reserved for requests in flight, and for lost requests that may still be billed. */
  private reserved = 0;

  /** @param price undefined if unknown; `maxCost` cannot be used then */
  constructor(
    private readonly price: Price | undefined,
    private readonly caps: Caps,
    /** How to continue after reaching a cap, for error messages. */
    private readonly hint: string,
  ) {}

  get spent(): Spending {
    const { calls, cached, inputTokens, outputTokens } = this;
    return { calls, cached, inputTokens, outputTokens, cost: this.cost({ inputTokens, outputTokens }) };
  }

  countCached(): void {
    this.cached++;
  }

  /** @throws InputError if the planned requests would exceed a cap */
  check({ calls, cost }: Estimate): void {
    const { maxCost, maxCalls } = this.caps;
    const { spent } = this;
    if (maxCalls !== undefined && spent.calls + calls > maxCalls) {
      throw new InputError(
        `maxCalls: ${calls} requests needed${after(spent.calls, `${spent.calls} already made`)}, but the cap is ${maxCalls}; ${this.hint}`,
      );
    }
    if (maxCost !== undefined && spent.cost! + cost! > maxCost) {
      throw new InputError(
        `maxCost: these requests cost about ${dollars(cost!)}${after(spent.cost!, `${dollars(spent.cost!)} already spent`)}, but the cap is ${dollars(maxCost)}; ${this.hint}`,
      );
    }
  }

  /**
   * Counts a request that is about to be sent and reserves its cost.
   *
   * @param most the most tokens that it can use
   * @returns a function to call once with the tokens it used; not called if they are unknown, so that the reservation stays
   * @throws InputError if it would exceed a cap
   */
  begin(most: Tokens): (used: Tokens) => void {
    const { maxCost, maxCalls } = this.caps;
    if (maxCalls !== undefined && this.calls >= maxCalls) {
      throw new InputError(`maxCalls: the cap of ${maxCalls} requests is reached; ${this.hint}`);
    }
    const next = this.cost(most) ?? 0;
    const committed = (this.spent.cost ?? 0) + this.reserved;
    if (maxCost !== undefined && committed + next > maxCost) {
      throw new InputError(
        `maxCost: ${dollars(committed)} is spent or reserved and the next request may cost up to ${dollars(next)}, but the cap is ${dollars(maxCost)}; ${this.hint}`,
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

  /** Cost of the tokens in US dollars; undefined if the price is unknown. */
  cost({ inputTokens, outputTokens }: Tokens): number | undefined {
    return this.price && costOf(this.price, inputTokens, outputTokens);
  }
}

/** Formats an amount: `$1.20`, or with two significant digits below ten cents. */
export function dollars(amount: number): string {
  return `$${amount >= 0.1 || amount === 0 ? amount.toFixed(2) : amount.toPrecision(2)}`;
}

function after(amount: number, text: string): string {
  return amount > 0 ? ` after ${text}` : "";
}
