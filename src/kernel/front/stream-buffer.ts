/** What a cell writes to. */
export type StreamName = "stdout" | "stderr";

/** The shortest time between two messages of one cell's writes, in milliseconds. */
const interval = 20;

/**
 * Joins what a cell writes in quick succession, because a message for each of a loop's prints keeps
 * a front end busy for minutes. The first write after a pause goes out at once.
 */
export class StreamBuffer {
  private name: StreamName = "stdout";
  private text = "";
  private timer: NodeJS.Timeout | undefined;
  private published = -Infinity;

  /** @param publish is given the writes, joined, in their order */
  constructor(private readonly publish: (name: StreamName, text: string) => void) {}

  write(name: StreamName, text: string): void {
    if (name !== this.name) this.flush();
    this.name = name;
    this.text += text;
    this.timer ??= setTimeout(() => this.flushWholeCharacters(), this.published + interval - performance.now());
  }

  /** Publishes what has been written; whatever else the cell shows comes after it. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.text === "") return;
    this.published = performance.now();
    this.publish(this.name, this.text);
    this.text = "";
  }

  /** Keeps back the first half of a surrogate pair whose second half is still to be written. */
  private flushWholeCharacters(): void {
    const [half = ""] = /[\ud800-\udbff]$/.exec(this.text) ?? [];
    this.text = this.text.slice(0, this.text.length - half.length);
    this.flush();
    this.text = half;
  }
}
