import '../support/on-postgres';
import '../unit/queue/faults.test';
