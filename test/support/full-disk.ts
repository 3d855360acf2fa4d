import * as engine from '../../src/queue/lmdb/tables';

/** A disk on which data files that are opened from now on cannot be written to while it is full. */
export function makeDisk(): { isFull: boolean } {
  const disk = { isFull: false };
  const { openTables } = engine;
  jest.spyOn(engine, 'openTables').mockImplementation((folder) => {
    const tables = openTables(folder);
    const { root } = tables;
    const transaction = root.transaction.bind(root);
    jest.spyOn(root, 'transaction').mockImplementation((change) => {
      return disk.isFull ? Promise.reject(new Error('no space left')) : transaction(change);
    });
    return tables;
  });
  return disk;
}
