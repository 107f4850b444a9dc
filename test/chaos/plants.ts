// Three bugs that everybody has written once, each as a layer in a seam of the composition.

import { randomUUID } from 'node:crypto';
import type { OrgDatabase, Tx } from '../../server/platform/database/database.ts';
import type { HttpClient } from '../../server/platform/outside/http-exchange.ts';
import type { Seams } from '../../server/seams.ts';

type Planting = (seams: Seams) => Seams;

const PLANTS: Readonly<Record<string, Planting>> = {
  /** Events are acknowledged when their statements have run, and committed a little later. */
  'ack-before-commit': (seams) => ({
    ...seams,
    databases: (databases) => {
      const watched = seams.databases(databases);
      return { ...watched, org: (orgId) => answerEarly(watched.org(orgId)) };
    },
  }),
  /** A key is made for a request instead of for an operation. */
  'new-key-per-retry': (seams) => ({
    ...seams,
    client: (client) => seams.client(renewKeys(client)),
  }),
  /** What got no answer is sent again, without asking what became of it. */
  'blind-replay': (seams) => ({
    ...seams,
    client: (client) => seams.client(sendTwice(client)),
  }),
};

export function plantIn(name: string | undefined): Planting {
  const plant = PLANTS[name ?? ''];
  if (plant === undefined) {
    throw new Error(`REHEARSAL_PLANT: expected ${Object.keys(PLANTS).join(', ')}, found ${name}.`);
  }
  return plant;
}

const COMMIT_AFTER_MS = 40;

/** What the transaction would return, had it been committed. */
class NotYet extends Error {
  readonly value: unknown;

  constructor(value: unknown) {
    super('Not committed yet.');
    this.value = value;
  }
}

function answerEarly(db: OrgDatabase): OrgDatabase {
  return {
    ...db,
    begin: async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
      try {
        return await db.begin((tx) => runUnlessEvents(tx, work));
      } catch (error) {
        if (!(error instanceof NotYet)) throw error;
        setTimeout(() => void db.begin(work), COMMIT_AFTER_MS);
        return error.value as T;
      }
    },
  };
}

async function runUnlessEvents<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  let hasEvents = false;
  const see = (text: string): string => {
    if (/insert into device_event\b/.test(text)) hasEvents = true;
    return text;
  };
  const value = await work({
    ...tx,
    query: (text, params) => tx.query(see(text), params),
    execute: (text, params) => tx.execute(see(text), params),
  });
  if (hasEvents) throw new NotYet(value);
  return value;
}

function renewKeys(client: HttpClient): HttpClient {
  return {
    ...client,
    exchange: (request, signal) => {
      const { 'idempotency-key': key, ...headers } = request.headers;
      if (key === undefined) return client.exchange(request, signal);
      const renewed = { ...headers, 'idempotency-key': randomUUID() };
      return client.exchange({ ...request, headers: renewed }, signal);
    },
  };
}

function sendTwice(client: HttpClient): HttpClient {
  return {
    ...client,
    exchange: async (request, signal) => {
      const first = await client.exchange(request, signal);
      return first.kind === 'failed' ? client.exchange(request, signal) : first;
    },
  };
}
