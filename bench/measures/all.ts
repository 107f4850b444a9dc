// Every measure, in the order in which they run.

import type { Measure } from '../measure.ts';
import { decide } from './decide.ts';
import { deviceEvents } from './device-events.ts';
import { inbox } from './inbox.ts';
import { providerEvent } from './provider-event.ts';
import { restWrites } from './rest-writes.ts';
import { search } from './search.ts';
import { start } from './start.ts';

export const MEASURES: readonly Measure[] = [
  restWrites,
  deviceEvents,
  decide,
  search,
  start,
  inbox,
  providerEvent,
];
