import type { State } from "../../engine/engine.js";
import { stateDigest } from "./fingerprint.js";

/**
 * An engine state with a reference count: several policies hold it, and it is freed when the last releases it. A shared
 * state must not be written to; a policy that needs to write makes a copy, or claims the state if it is the only
 * holder.
 */
export class SharedState {
  private holds = 1;
  private known: Promise<string> | undefined;

  /**
   * Starts with one hold, that of its creator.
   *
   * @param forget called when the state must no longer be shared: nobody holds it, or its only holder has claimed it
   */
  constructor(
    readonly state: State,
    private readonly forget: () => void = () => {},
  ) {}

  /** Whether it has more than one holder. */
  get isShared(): boolean {
    return this.holds > 1;
  }

  get isFreed(): boolean {
    return this.holds === 0;
  }

  /** Adds a holder, which must call {@link release} once. */
  hold(): this {
    if (this.isFreed) throw new Error("a state that has been freed cannot be held");
    this.holds++;
    return this;
  }

  /** Releases one hold; the last release frees the memory. */
  async release(): Promise<void> {
    if (--this.holds > 0) return;
    this.forget();
    await this.state.free();
  }

  /** Gives the state to its only holder for writing. */
  claim(): void {
    this.known = undefined;
    this.forget();
  }

  /** Its {@link stateDigest}, computed once until the state is claimed. */
  digest(): Promise<string> {
    const digest = (this.known ??= stateDigest(this.state));
    digest.catch(() => (this.known = undefined));
    return digest;
  }
}
