import { PbfReader, PbfWriter } from "pbf";
import type { TrackedStep } from "../run/tracking.js";
import { crc32c } from "./crc32c.js";

/*
 * TensorBoard's event files: records of a length, its checksum, an `Event` message and its checksum
 * (https://www.tensorflow.org/tutorials/load_data/tfrecord). Field numbers are those of tensorboard/compat/proto/event.proto
 * and summary.proto.
 */

/** What a whole event file holds. */
export interface EventFile {
  /** Bytes of its whole records: behind them stands what was being written when a process was killed. */
  readonly bytes: number;
  /** The last step that they tell of; 0 where they tell of none. */
  readonly lastStep: number;
}

/** The record that an event file begins with. */
export function versionRecord(time: number): Buffer {
  return record(time, (writer) => writer.writeStringField(3, "brain.Event:2"));
}

/** One record with all figures of a step. */
export function stepRecord({ step, time, metrics }: TrackedStep): Buffer {
  return record(time, (writer) => {
    writer.writeVarintField(2, step);
    writer.writeMessage(5, writeSummary, metrics);
  });
}

/** Reads what an event file holds, up to the first record that is not whole. */
export function readEvents(file: Buffer): EventFile {
  let [bytes, lastStep] = [0, 0];
  for (;;) {
    const data = recordAt(file, bytes);
    if (!data) return { bytes, lastStep };
    bytes += headBytes + data.length + footBytes;
    lastStep = Math.max(lastStep, stepOf(data));
  }
}

/** Length and its checksum before an event, and the checksum behind it. */
const headBytes = 12;
const footBytes = 4;

/** @param time in milliseconds since 1970 */
function record(time: number, write: (writer: PbfWriter) => void): Buffer {
  const writer = new PbfWriter();
  writer.writeDoubleField(1, time / 1000);
  write(writer);
  const data = writer.finish();
  const whole = Buffer.alloc(headBytes + data.length + footBytes);
  whole.writeBigUInt64LE(BigInt(data.length), 0);
  whole.writeUInt32LE(masked(whole.subarray(0, 8)), 8);
  whole.set(data, headBytes);
  whole.writeUInt32LE(masked(data), headBytes + data.length);
  return whole;
}

function recordAt(file: Buffer, at: number): Buffer | undefined {
  if (at + headBytes > file.length || file.readUInt32LE(at + 8) !== masked(file.subarray(at, at + 8))) return undefined;
  const end = at + headBytes + Number(file.readBigUInt64LE(at));
  if (end + footBytes > file.length) return undefined;
  const data = file.subarray(at + headBytes, end);
  return file.readUInt32LE(end) === masked(data) ? data : undefined;
}

/** TensorFlow rotates and shifts checksums, so that the checksum of a file that holds some is another kind of number. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function writeSummary(metrics: TrackedStep["metrics"], writer: PbfWriter): void {
  for (const figure of Object.entries(metrics)) writer.writeMessage(1, writeFigure, figure);
}

function writeFigure([name, value]: [string, number], writer: PbfWriter): void {
  writer.writeStringField(1, name);
  writer.writeFloatField(2, value);
}

function stepOf(event: Buffer): number {
  return new PbfReader(event).readFields(
    (tag, found: { step: number }, reader) => {
      if (tag === 2) found.step = reader.readVarint(true);
    },
    { step: 0 },
  ).step;
}
