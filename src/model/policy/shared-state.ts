import type { State } from "../../engine/engine.js";
import { stateDigest } from "./fingerprint.js";

/**
 * A state of an engine that several policies hold, and that is freed when the last of them lets go. What is shared is
 * not written to: who wants to write takes a copy, or is the only one that holds it and claims it.
 */
export class SharedState {
  private holds = 1;
  private known: Promise<string> | undefined;

  /**
   * Begins with one hold, its maker's.
   *
   * @param forget called once it is nobody's any more, or one holder's own: it is not to be shared from then on
   */
  constructor(
    readonly state: State,
    private readonly forget: () => void = () => {},
  ) {}

  /** Whether others hold it too. */
  get isShared(): boolean {
    return this.holds > 1;
  }

  get isFreed(): boolean {
    return this.holds === 0;
  }

  /** Counts one more holder, which is to call {@link release} once. */
  hold(): this {
    if (this.isFreed) throw new Error("a state that has been freed cannot be held");
    this.holds++;
    return this;
  }

  /** Ends a hold; with the last one the memory is freed. */
  async release(): Promise<void> {
    if (--this.holds > 0) return;
    this.forget();
    await this.state.free();
  }

  /** Makes it its only holder's own, to be written to. */
  claim(): void {
    this.known = undefined;
    this.forget();
  }

  /** Its {@link stateDigest}, computed once for as long as it is not claimed. */
  digest(): Promise<string> {
    const digest = (this.known ??= stateDigest(this.state));
    digest.catch(() => (this.known = undefined));
    return digest;
  }
}
