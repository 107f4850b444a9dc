// What is under way at one moment, read from the appliance's database: the picture that is logged at each
// kill, and the measure of the load.

import type { Books } from './books.ts';

export interface InFlight {
  /** Operations whose end is not known, by status. */
  operations: Record<string, number>;
  open: number;
  /** Messages of the outbox; `waiting` by the state of their last try. */
  messages: number;
  waiting: Record<string, number>;
  dead: number;
}

const OVER = `('succeeded', 'declined', 'cancelled')`;

export async function readInFlight(books: Books): Promise<InFlight> {
  const operations = await counts(
    books,
    `select status as name, count(*) as many from operation where status not in ${OVER} group by status`,
  );
  const waiting = await counts(
    books,
    `select state as name, count(*) as many from outbox_retry group by state`,
  );
  const [sizes] = await books.rows<{ messages: number; dead: number }>(
    `select (select count(*) from outbox_msg) as messages, (select count(*) from outbox_dead) as dead`,
  );
  return {
    operations,
    open: Object.values(operations).reduce((sum, many) => sum + many, 0),
    messages: sizes?.messages ?? 0,
    waiting,
    dead: sizes?.dead ?? 0,
  };
}

export function describeInFlight({ operations, open, messages, waiting, dead }: InFlight): string {
  const list = (of: Record<string, number>): string =>
    Object.entries(of)
      .map(([name, many]) => `${many} ${name}`)
      .join(', ') || 'none';
  return `operations ${open} (${list(operations)}), messages ${messages} (${list(waiting)}), dead ${dead}`;
}

async function counts(books: Books, text: string): Promise<Record<string, number>> {
  const rows = await books.rows<{ name: string; many: number }>(text);
  return Object.fromEntries(rows.map(({ name, many }) => [name, many]));
}
