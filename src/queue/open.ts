import { createRequire } from 'node:module';
import type * as Examine from './postgres/examine';
import type * as Trouble from './postgres/trouble';

/** Loaded only where a database is used. */
export function loadExaminer(): Pick<typeof Examine, 'examineDatabase'> & Pick<typeof Trouble, 'explainDatabaseError'> {
  const load = createRequire(__filename);
  return {
    ...(load('./postgres/examine') as typeof Examine),
    ...(load('./postgres/trouble') as typeof Trouble),
  };
}
