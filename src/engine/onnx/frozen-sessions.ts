import type { InferenceSession, Tensor } from "onnxruntime-node";

/** A session with the tensors that are part of it. */
interface FrozenSession {
  readonly model: Uint8Array;
  readonly tensors: readonly Tensor[];
  readonly session: InferenceSession;
}

/** Each holds its tensors a second time. */
const limit = 2;

/**
 * Sessions that hold state as constants. onnxruntime arranges the constants of matrix products once, when a session is
 * made, and inputs at every run, which with few rows takes as long as the arithmetic. The most recently used are kept.
 */
export class FrozenSessions {
  private kept: readonly FrozenSession[] = [];

  /** @param create makes a session of a model and its constants */
  constructor(private readonly create: (model: Uint8Array, tensors: readonly Tensor[]) => Promise<InferenceSession>) {}

  /** The session of a model with these tensors, made if it is not at hand. */
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
