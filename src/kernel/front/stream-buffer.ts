/** Output streams of a cell. */
export type StreamName = "stdout" | "stderr";

/** Minimum milliseconds between two messages with one cell's output. */
const interval = 20;

/**
 * Joins a cell's writes in quick succession, because one message per print in a loop would keep a front end busy for
 * minutes. The first write after a pause is sent at once.
 */
export class StreamBuffer {
  private name: StreamName = "stdout";
  private text = "";
  private timer: NodeJS.Timeout | undefined;
  private published = -Infinity;

  /** @param publish receives the joined writes, in order */
  constructor(private readonly publish: (name: StreamName, text: string) => void) {}

  write(name: StreamName, text: string): void {
    if (name !== this.name) this.flush();
    this.name = name;
    this.text += text;
    this.timer ??= setTimeout(() => this.flushWholeCharacters(), this.published + interval - performance.now());
  }

  /** Publishes everything written so far; call it before the cell shows anything else. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.text === "") return;
    this.published = performance.now();
    this.publish(this.name, this.text);
    this.text = "";
  }

  /** Holds back the first half of a surrogate pair until the second half is written. */
  private flushWholeCharacters(): void {
    const [half = ""] = /[\ud800-\udbff]$/.exec(this.text) ?? [];
    this.text = this.text.slice(0, this.text.length - half.length);
    this.flush();
    this.text = half;
  }
}
