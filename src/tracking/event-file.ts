import { PbfReader, PbfWriter } from "pbf";
import type { TrackedStep } from "../run/tracking.js";
import { crc32c } from "./crc32c.js";

/*
 * TensorBoard's event files: records of a length, its checksum, an `Event` message and its checksum
 * (https://www.tensorflow.org/tutorials/load_data/tfrecord). Field numbers are those of tensorboard/compat/proto/event.proto
 * and summary.proto.
 */

/** Contents of an event file. */
export interface EventFile {
  /** Total size of its complete records in bytes; an incomplete record of a killed process may follow. */
  readonly bytes: number;
  /** The last step in the records; 0 if there is none. */
  readonly lastStep: number;
}

/** The first record of an event file. */
export function versionRecord(time: number): Buffer {
  return record(time, (writer) => writer.writeStringField(3, "brain.Event:2"));
}

/** A record with all metrics of a step. */
export function stepRecord({ step, time, metrics }: TrackedStep): Buffer {
  return record(time, (writer) => {
    writer.writeVarintField(2, step);
    writer.writeMessage(5, writeSummary, metrics);
  });
}

/** Reads an event file up to the first incomplete record. */
export function readEvents(file: Buffer): EventFile {
  let [bytes, lastStep] = [0, 0];
  for (;;) {
    const data = recordAt(file, bytes);
    if (!data) return { bytes, lastStep };
    bytes += headBytes + data.length + footBytes;
    lastStep = Math.max(lastStep, stepOf(data));
  }
}

/** Sizes of the length and its checksum before an event, and of the checksum after it. */
const headBytes = 12;
const footBytes = 4;

/** @param time milliseconds since 1970 */
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

/** TensorFlow rotates and offsets checksums, so that they differ from checksums of data that itself contains checksums. */
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
