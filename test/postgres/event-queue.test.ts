import '../support/on-postgres';
import '../unit/queue/event-queue.test';
