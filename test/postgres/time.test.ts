import '../support/on-postgres';
import '../unit/queue/time.test';
