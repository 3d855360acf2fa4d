import type { Scenario } from '../scenario';
import { connectionsCut, databaseFrozen, databaseKilled } from './database';
import { deadToken } from './dead-token';
import { killed } from './kills';
import { inEveryMood } from './moods';
import { paceOfAPage } from './pace';
import { rolling } from './rolling';
import { sameBatch } from './same-batch';
import { asleep } from './sleeper';

export const scenarios: readonly Scenario[] = [
  inEveryMood,
  killed,
  asleep,
  rolling,
  databaseKilled,
  connectionsCut,
  databaseFrozen,
  sameBatch,
  deadToken,
  paceOfAPage,
];
