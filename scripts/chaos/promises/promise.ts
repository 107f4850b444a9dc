// A promise of the product, and what a check of it is given. A check returns what breaks it, in words; an
// empty list means that it holds. `found` says over how much it held: a check of nothing proves nothing.

import type { ApplianceDatabase } from '../../verify-ledger/appliance-rows.ts';
import type { Books } from '../books.ts';
import type { Journal } from '../journal.ts';

export interface Evidence {
  books: Books;
  journal: Journal;
  appliance: ApplianceDatabase;
  stripeFile: string;
  veriffFile: string;
  /** When the load ended, by the wall clock. */
  endedAt: number;
}

export interface Finding {
  found: string;
  broken: string[];
}

export interface Promised {
  name: string;
  /** Holds at every moment, also while everything is under way; the others only when all is over. */
  isAlways: boolean;
  check(evidence: Evidence): Promise<Finding>;
}
