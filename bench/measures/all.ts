// Every measure, in the order in which they run.

import type { Measure } from '../measure.ts';
import { deviceEvents } from './device-events.ts';
import { inbox } from './inbox.ts';
import { restWrites } from './rest-writes.ts';
import { start } from './start.ts';

export const MEASURES: readonly Measure[] = [restWrites, deviceEvents, inbox, start];
