import { crc32 } from 'node:zlib';
import type { StoredEvent } from '../event-store';

/** A waiting or set-aside event with its place among events of the same timestamp. */
export interface EventRecord extends StoredEvent {
  readonly sequence: number;
}

/** A stored record is not what was written. */
export class DamagedRecordError extends Error {
  override readonly name = 'DamagedRecordError';
}

/** A record as it stands on disk: a checksum, a colon, JSON. The engine itself has no checksums. */
export function encodeRecord(record: EventRecord): string {
  const json = JSON.stringify(record);
  return `${checksum(json)}:${json}`;
}

/**
 * Reads a record back.
 *
 * @throws {DamagedRecordError} when it is not what was written
 */
export function decodeRecord(text: string): EventRecord {
  return parseChecked(text) as EventRecord;
}

/**
 * Reads back whatever was written behind a checksum.
 *
 * @throws {DamagedRecordError} when it is not what was written
 */
export function parseChecked(text: string): unknown {
  const json = text.slice(9);
  if (text.slice(0, 9) !== `${checksum(json)}:`) throw new DamagedRecordError('a stored event has changed on disk');
  return JSON.parse(json);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
