import type { EventRecord } from './record';
import { encodeRecord, parseChecked } from './record';
import { FORMAT, type Tables } from './tables';

/** What format 1 kept: the same record without a Page, or only the id of a done event. */
type OldRecord =
  { readonly id: string; readonly state: 'done'; readonly endedAt: number } | Omit<EventRecord, 'page' | 'uncertain'>;

/** The one Page that format 1 knew: that of the token. */
const ONLY_PAGE = 'me';

/**
 * Brings a data file of format 1 to the present one, in one transaction: what waits, what was set aside and every known id.
 *
 * @throws {DamagedRecordError} when something in it has changed on disk; the file is then as it was
 */
export function migrate({ root, ids, records, done, aside, meta }: Tables): void {
  const old = root.openDB<string, string>({ name: 'events', encoding: 'string' });
  const others = ['waiting', 'conversations', 'due', 'ended'].map((name) => root.openDB({ name }));
  const known = [...old.getRange()].map(({ value }) => parseChecked(value) as OldRecord);
  let sequence = Number(meta.get('sequence') ?? 0);
  root.transactionSync(() => {
    for (const record of known) {
      if (record.state === 'done') {
        sequence += 1;
        ids.putSync(record.id, sequence);
        done.putSync([record.endedAt, sequence], record.id);
      } else {
        const key = record.sequence;
        ids.putSync(record.id, key);
        records.putSync(key, encodeRecord({ ...record, page: ONLY_PAGE, uncertain: 0 }));
        if (record.state === 'set_aside') aside.putSync([Number(record.endedAt), key], record.id);
      }
    }
    meta.putSync('sequence', sequence);
    meta.putSync('format', FORMAT);
    for (const table of [old, ...others]) table.dropSync();
  });
}
