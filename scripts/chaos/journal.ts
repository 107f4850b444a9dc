// What the outside world was told: every answer at a door, every receipt of an event, every created thing
// of the API. Whatever is in here must be in the database at the end. Kept by the rehearsal, which is not
// killed; what terminals keep on their own disks is added at the end.

import { appendFileSync } from 'node:fs';

export interface Answer {
  /** The terminal's own reference, minted before the first byte. */
  ref: string;
  device: string;
  decision: string;
  paymentId: string | null;
}

export interface Created {
  kind: 'person' | 'refund' | 'kyc_session';
  id: string;
}

/** Up to and including `acked`, in one epoch of one device's log. */
export interface Receipt {
  device: string;
  epoch: string;
  acked: number;
}

/** What was told until now, whatever is told from now on. */
export function freeze(journal: Journal): Journal {
  const [answers, things, receipts] = [
    journal.answers(),
    [...journal.things()],
    journal.receipts(),
  ];
  return { ...journal, answers: () => answers, things: () => things, receipts: () => receipts };
}

export interface Journal {
  answered(answer: Answer): void;
  created(thing: Created): void;
  acknowledged(receipt: Receipt): void;
  answers(): readonly Answer[];
  things(): readonly Created[];
  receipts(): readonly Receipt[];
}

export function createJournal(file: string): Journal {
  const answers = new Map<string, Answer>();
  const things: Created[] = [];
  const receipts = new Map<string, Receipt>();
  const keep = (entry: unknown): void => appendFileSync(file, `${JSON.stringify(entry)}\n`);
  return {
    answered: (answer) => {
      const key = `${answer.device} ${answer.ref}`;
      if (answers.has(key)) return;
      answers.set(key, answer);
      keep({ answer });
    },
    created: (thing) => {
      things.push(thing);
      keep({ created: thing });
    },
    acknowledged: (receipt) => {
      const key = `${receipt.device}/${receipt.epoch}`;
      const known = receipts.get(key)?.acked ?? 0;
      if (receipt.acked <= known) return;
      receipts.set(key, receipt);
      keep({ receipt });
    },
    answers: () => [...answers.values()],
    things: () => things,
    receipts: () => [...receipts.values()],
  };
}
