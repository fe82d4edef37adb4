import type { InferenceSession, Tensor } from "onnxruntime-node";

/** A session with the tensors that it contains. */
interface FrozenSession {
  readonly model: Uint8Array;
  readonly tensors: readonly Tensor[];
  readonly session: InferenceSession;
}

/** Each holds a second copy of its tensors. */
const limit = 2;

/**
 * Sessions that contain state as constants. onnxruntime packs constant operands of matrix products once, when a session is
 * created, but inputs at every run, which with few rows takes as long as the arithmetic. Keeps the most recently used.
 */
export class FrozenSessions {
  private kept: readonly FrozenSession[] = [];

  /** @param create creates a session from a model and its constants */
  constructor(private readonly create: (model: Uint8Array, tensors: readonly Tensor[]) => Promise<InferenceSession>) {}

  /** Returns the session of a model with these tensors; creates it if it is not cached. */
  async get(model: Uint8Array, tensors: readonly Tensor[]): Promise<InferenceSession> {
    let found = this.kept.find((one) => one.model === model && one.tensors.every((tensor, i) => tensor === tensors[i]));
    if (found === undefined) {
      const oldest = this.kept[limit - 1];
      await this.release((one) => one === oldest);
      found = { model, tensors, session: await this.create(model, tensors) };
    }
    this.kept = [found, ...this.kept.filter((one) => one !== found)];
    return found.session;
  }

  /** Releases the sessions of a model. */
  async releaseModel(model: Uint8Array): Promise<void> {
    await this.release((one) => one.model === model);
  }

  /** Releases the sessions with a tensor that changes or is freed. */
  async releaseTensors(changed: ReadonlySet<Tensor>): Promise<void> {
    await this.release(({ tensors }) => tensors.some((tensor) => changed.has(tensor)));
  }

  private async release(isGone: (one: FrozenSession) => boolean): Promise<void> {
    const gone = this.kept.filter(isGone);
    this.kept = this.kept.filter((one) => !isGone(one));
    for (const { session } of gone) await session.release();
  }
}
