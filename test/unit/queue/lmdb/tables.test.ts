import * as lmdb from 'lmdb';
import path from 'node:path';
import { DATA_FILE, openTables } from '../../../../src/queue/lmdb/tables';
import { temporaryFolder } from '../../../support/temporary-folder';

jest.mock('lmdb', () => {
  const actual = jest.requireActual<typeof lmdb>('lmdb');
  return { ...actual, open: jest.fn(actual.open) };
});

it('are opened so that a change is flushed, not only written, before its promise resolves', async () => {
  const folder = temporaryFolder();
  const { root } = openTables(folder);
  await root.close();
  // Only a power cut would show it: these options, and none that defers a flush.
  expect(jest.mocked(lmdb.open).mock.calls).toEqual([[{ path: path.join(folder, DATA_FILE), overlappingSync: false }]]);
});
