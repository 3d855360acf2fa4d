import '../support/on-postgres';
import '../unit/queue/promises.test';
