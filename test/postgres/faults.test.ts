import '../support/on-postgres';
import '../unit/queue/faults.test';

jest.setTimeout(120_000); // each look of the queue is a question to the database
