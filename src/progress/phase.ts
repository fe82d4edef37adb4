import type { Figures } from "../base/task.js";
import { clock } from "./duration.js";
import { Rate } from "./rate.js";

/** State of a phase, and the parts of its display as text. */
export class Phase {
  private readonly startedAt: number;
  /** The first reading: a slow start (loading a model, evaluating the start) says nothing about the units to come. */
  private first: { readonly done: number; readonly at: number } | undefined;
  private readonly units = new Rate();
  private readonly tokens = new Rate();
  private figures: Figures = {};
  /** What is being done between two units. */
  private other: string | undefined;
  private wasPaused = false;

  constructor(
    readonly label: string,
    readonly total: number,
    /** What is counted, in the plural, if known. */
    private readonly unit: string | undefined,
    private readonly now: () => number,
    /** Units of work finished, at first those of an earlier process. */
    public done = 0,
  ) {
    this.startedAt = now();
  }

  /** Records progress; metrics that are not given keep their values. */
  update(done: number, figures: Figures = {}): void {
    const at = this.now();
    this.done = done;
    this.first ??= { done, at };
    this.other = undefined;
    this.units.add(done, at);
    if (figures.tokens !== undefined) this.tokens.add(figures.tokens, at);
    const given = Object.entries(figures).filter(([, value]) => value !== undefined);
    this.figures = { ...this.figures, ...Object.fromEntries(given) };
  }

  /** Records work between two units, which is not part of the rates. */
  between(text: string): void {
    this.other = text;
    this.wasPaused = true;
    this.tokens.pause();
  }

  /** Progress as text: `62/141 steps`; empty if nothing is counted. */
  get count(): string[] {
    return this.counted(`${grouped(this.done)}/${grouped(this.total)}`);
  }

  /** The work between two units that goes on now: `review 2/3 100/184 pairs`. */
  get meanwhile(): string[] {
    return this.other === undefined ? [] : [this.other];
  }

  /** What was done as text: `4,000 responses in 0:30`. */
  get outcome(): string {
    return [...this.counted(grouped(this.done)), `in ${this.elapsed}`].join(" ");
  }

  /** A count with its unit; a single unnamed unit means work of unknown length, for which a count is meaningless. */
  private counted(count: string): string[] {
    if (this.unit === undefined) return this.total === 1 ? [] : [count];
    return [`${count} ${this.unit}`];
  }

  /** Time since the phase began, as text. */
  get elapsed(): string {
    return clock(this.now() - this.startedAt);
  }

  /**
   * The remaining time at the recent rate, or if there was work between units, at the average rate since the first one;
   * empty while the rate is unknown.
   */
  get left(): string[] {
    const rate = this.wasPaused ? this.averageRate : this.units.perSecond;
    return rate && this.done < this.total ? [`${clock((this.total - this.done) / rate)} left`] : [];
  }

  private get averageRate(): number | undefined {
    return this.first && (this.done - this.first.done) / (this.now() - this.first.at);
  }

  /** Whether it has a loss, margin or accuracy to show. */
  get hasFigures(): boolean {
    const { loss, margin, accuracy } = this.figures;
    return [loss, margin, accuracy].some((figure) => figure !== undefined);
  }

  /** The newest metrics, and tokens per second once known. */
  get metrics(): string[] {
    const { loss, margin, accuracy } = this.figures;
    const tokenRate = this.tokens.perSecond;
    return [
      ...(loss === undefined ? [] : [`loss ${significant(loss)}`]),
      ...(margin === undefined ? [] : [`margin ${significant(margin)}`]),
      ...(accuracy === undefined ? [] : [`accuracy ${(100 * accuracy).toFixed(1)} %`]),
      ...(tokenRate === undefined ? [] : [`${Math.round(tokenRate).toLocaleString("en-US")} tokens/s`]),
    ];
  }

  /** The final line of the phase. */
  last(text: string | undefined): string {
    return [this.label, ...this.count, ...this.metrics, `in ${this.elapsed}`, ...(text ? [text] : [])].join("  ");
  }
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** Four decimals for small numbers, fewer for large ones, so that the line's width is stable. */
function significant(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e5) return value.toExponential(2);
  return value.toFixed(size < 10 ? 4 : size < 1000 ? 2 : 1);
}
