import { ProgramCache } from "../../src/engine/program-cache.js";

/** A program cache that records for each requested program whether it freezes its parameters. */
export class RecordingPrograms extends ProgramCache {
  readonly frozen: boolean[] = [];

  override get(...request: Parameters<ProgramCache["get"]>): ReturnType<ProgramCache["get"]> {
    this.frozen.push(request[2]?.frozen ?? false);
    return super.get(...request);
  }
}
