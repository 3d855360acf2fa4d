import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { OperatorError } from '../../process/operator-error';
import type { CarriedEvent, MovableStore } from '../event-store';
import { flushFolder } from './arrivals';
import { createByHand } from './by-hand';
import { readLeft } from './left-lines';
import type { Parts } from './parts';
import { encodeRecord } from './record';
import type { Tables } from './tables';

/** Stands in a folder whose events have been moved elsewhere, and says where to. */
const MOVED_FILE = 'moved';

/** How many ids are read at once. */
const READ_AT_ONCE = 1_000;

/** Carrying everything from this store to another one, or from there. */
export function createCarry(parts: Parts, folder: string): Pick<MovableStore, 'exportAll' | 'importAll' | 'markMoved'> {
  const { file } = parts;
  const { list } = createByHand(parts);
  return {
    async *exportAll() {
      let last: [number, number] | undefined;
      for (let rows = READ_AT_ONCE; rows === READ_AT_ONCE;) {
        const from = last === undefined ? {} : { start: last, exclusiveStart: true };
        const part = [...file.tables.done.getRange({ ...from, limit: READ_AT_ONCE })];
        rows = part.length;
        for (const { key, value } of part) {
          last = key;
          yield { state: 'done', id: value, endedAt: key[0] };
        }
      }
      yield* list();
    },
    importAll: (events) =>
      file.transact((tables) => {
        const before = parts.sequence;
        for (const event of events) {
          if (tables.ids.doesExist(event.id)) continue;
          parts.sequence += 1;
          putDown(tables, event, parts.sequence);
        }
        void tables.meta.put('sequence', parts.sequence);
        return parts.sequence - before;
      }),
    markMoved: async (to) => {
      const before = movedTo(folder);
      if (before === undefined) await writeMark(folder, to);
      else if (before !== to) throw moved(folder, before);
    },
  };
}

function putDown(tables: Tables, event: CarriedEvent, sequence: number): void {
  void tables.ids.put(event.id, sequence);
  if (event.state === 'done') {
    void tables.done.put([event.endedAt, sequence], event.id);
    return;
  }
  void tables.records.put(sequence, encodeRecord({ ...event, sequence }));
  if (event.state === 'set_aside') void tables.aside.put([Number(event.endedAt), sequence], event.id);
}

/** Where the events of a folder have been moved to, in words; undefined where they are still there. */
export function movedTo(folder: string): string | undefined {
  return readLeft(path.join(folder, MOVED_FILE))[0];
}

/** @throws {OperatorError} when the events of a folder have been moved elsewhere */
export function requireNotMoved(folder: string): void {
  const to = movedTo(folder);
  if (to !== undefined) throw moved(folder, to);
}

function moved(folder: string, to: string): OperatorError {
  return new OperatorError(
    `The events in ${folder} were moved to ${to}, and are handled there. Set DATABASE_URL, or name another folder (DATA_DIR, or --to of a move). Only where no bot has run there since, remove ${path.join(folder, MOVED_FILE)} to go on here.`,
  );
}

/** It is there as a whole, and outlives a power cut, before anything is handled elsewhere. */
async function writeMark(folder: string, to: string): Promise<void> {
  const place = path.join(folder, MOVED_FILE);
  const draft = await open(`${place}.new`, 'w', 0o600);
  await draft.writeFile(to);
  await draft.sync();
  await draft.close();
  await rename(`${place}.new`, place);
  flushFolder(folder);
}
