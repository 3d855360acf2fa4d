import { openPostgresStore } from '../../../../src/queue/postgres/store';
import { eventStoreContract } from '../../../contract/event-store';
import { emptyDatabase } from '../../../support/database';

eventStoreContract(
  'PostgreSQL',
  (place, clock) => openPostgresStore(place, { exclusive: true, clock, databaseTime: () => clock.now() }),
  emptyDatabase,
);
