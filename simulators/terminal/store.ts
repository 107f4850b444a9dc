// What the terminal keeps over a power loss, in its own SQLite file: who it is, its event log, its commands
// with results, and the operations it asked about. Every write is on the disk before anybody counts on it.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { DeviceKey } from './proofs.ts';

const TABLES = `
create table if not exists fact (name text primary key, value text not null) strict;
create table if not exists event (seq integer primary key, body text not null) strict;
create table if not exists command (
  id text primary key, off integer not null, method text not null,
  reply text, is_final integer not null default 0, at integer not null
) strict;
create table if not exists operation (
  id text primary key, kind text not null, body text, deadline_ms integer not null,
  answer text, at integer not null
) strict;
create index if not exists operation_open on operation (at) where answer is null;
`;

/** The last so many commands are remembered, so that a repeated one is not carried out again. */
const COMMANDS_KEPT = 512;

export type Membership = {
  host: string;
  port: number;
  device: string;
  ca: string;
};

export type Operation = {
  id: string;
  kind: string;
  body: Record<string, unknown>;
  deadlineMs: number;
  at: number;
};

export type Reply = { t: 'res' | 'err'; [field: string]: unknown };

export type KnownCommand = { id: string; reply: Reply | null };

export type Store = Who &
  Positions &
  EventStore &
  CommandStore &
  OperationStore & { close(): void };

type Who = ReturnType<typeof identityOf>;
type Positions = ReturnType<typeof positionsOf>;
type EventStore = ReturnType<typeof openEvents>;
type CommandStore = ReturnType<typeof openCommands>;
type OperationStore = ReturnType<typeof openOperations>;

export function openStore(folder: string): Store {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const db = new Sqlite(join(folder, 'terminal.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(TABLES);
  const facts = openFacts(db);
  // Epoch and sequence are one value: both belong to this file and go with it.
  if (facts.read('epoch') === null) {
    // If the appliance knows an older log of this device, it hears why there is a new one.
    facts.write({ epoch: newEpoch(), next_seq: '1', acked: '0', reset: 'factory_reset' });
  }
  return {
    ...identityOf(facts),
    ...positionsOf(facts),
    ...openEvents(db, facts),
    ...openCommands(db, facts),
    ...openOperations(db),
    close: () => void db.close(),
  };
}

type Facts = ReturnType<typeof openFacts>;

function openFacts(db: Sqlite.Database) {
  const select = db.prepare<[string], { value: string }>('select value from fact where name = ?');
  const upsert = db.prepare(
    'insert into fact values (?, ?) on conflict (name) do update set value = excluded.value',
  );
  const read = (name: string): string | null => select.get(name)?.value ?? null;
  return {
    read,
    number: (name: string): number => Number(read(name) ?? 0),
    write: db.transaction((values: Record<string, string>) => {
      for (const [name, value] of Object.entries(values)) upsert.run(name, value);
    }),
  };
}

function identityOf(facts: Facts) {
  const parse = <T>(name: string): T | null => {
    const text = facts.read(name);
    return text === null ? null : (JSON.parse(text) as T);
  };
  return {
    key: () => parse<DeviceKey>('key'),
    keepKey: (key: DeviceKey) => facts.write({ key: JSON.stringify(key) }),
    membership: () => parse<Membership>('membership'),
    join: (membership: Membership) => facts.write({ membership: JSON.stringify(membership) }),
  };
}

function positionsOf(facts: Facts) {
  return {
    commandLog: () => ({ ep: facts.read('command_epoch') ?? '', applied: facts.number('applied') }),
    followCommandLog: (ep: string, applied: number) =>
      facts.write({ command_epoch: ep, applied: String(applied) }),
  };
}

function openEvents(db: Sqlite.Database, facts: Facts) {
  const insert = db.prepare('insert into event (seq, body) values (?, ?)');
  const forget = db.prepare('delete from event where seq <= ?');
  const select = db.prepare<[number, number], { seq: number; body: string }>(
    'select seq, body from event where seq >= ? order by seq limit ?',
  );
  const oldest = db.prepare<[], { seq: number | null }>('select min(seq) as seq from event');
  return {
    epoch: () => facts.read('epoch') ?? '',
    nextSeq: () => facts.number('next_seq'),
    acked: () => facts.number('acked'),
    oldestSeq: () => oldest.get()?.seq ?? facts.number('next_seq'),
    /** Returns the sequence of the last one; all are on the disk. */
    append: db.transaction((bodies: readonly object[]): number => {
      let seq = facts.number('next_seq');
      for (const body of bodies) insert.run(seq++, JSON.stringify(body));
      facts.write({ next_seq: String(seq) });
      return seq - 1;
    }),
    from: (seq: number, limit: number) =>
      select.all(seq, limit).map((row) => ({ seq: row.seq, body: JSON.parse(row.body) as object })),
    acknowledge: db.transaction((upTo: number) => {
      forget.run(upTo);
      facts.write({ acked: String(upTo) });
    }),
    /** The server knows more than this log does (a restored image): nothing of it can be trusted. */
    startEpoch: db.transaction((reason: string) => {
      db.prepare('delete from event').run();
      facts.write({ epoch: newEpoch(), next_seq: '1', acked: '0', reset: reason });
    }),
    resetReason: () => facts.read('reset') || null,
    resetIsTold: () => facts.write({ reset: '' }),
  };
}

function openCommands(db: Sqlite.Database, facts: Facts) {
  const find = db.prepare<[string], { id: string; reply: string | null }>(
    'select id, reply from command where id = ?',
  );
  const note = db.prepare(
    'insert into command (id, off, method, at) values (?, ?, ?, ?) on conflict do nothing',
  );
  const reply = db.prepare('update command set reply = ? where id = ?');
  const trim = db.prepare(
    `delete from command where is_final = 1 and id not in
       (select id from command order by at desc limit ${COMMANDS_KEPT})`,
  );
  const parse = (row: { id: string; reply: string | null }): KnownCommand => ({
    id: row.id,
    reply: row.reply === null ? null : (JSON.parse(row.reply) as Reply),
  });
  return {
    knownCommand: (id: string): KnownCommand | null => {
      const row = find.get(id);
      return row === undefined ? null : parse(row);
    },
    noteCommand: (id: string, off: number, method: string) =>
      void note.run(id, off, method, Date.now()),
    keepReply: (id: string, told: Reply) => void reply.run(JSON.stringify(told), id),
    unsettled: (): KnownCommand[] =>
      db
        .prepare<[], { id: string; reply: string | null }>(
          'select id, reply from command where is_final = 0 order by off',
        )
        .all()
        .map(parse),
    settle: db.transaction((id: string) => {
      db.prepare('update command set is_final = 1 where id = ?').run(id);
      const row = db
        .prepare<[string], { off: number }>('select off from command where id = ?')
        .get(id);
      if (row !== undefined && row.off > facts.number('applied'))
        facts.write({ applied: String(row.off) });
      trim.run();
    }),
  };
}

function openOperations(db: Sqlite.Database) {
  return {
    keepOperation: ({ id, kind, body, deadlineMs, at }: Operation) =>
      void db
        .prepare('insert into operation (id, kind, body, deadline_ms, at) values (?, ?, ?, ?, ?)')
        .run(id, kind, JSON.stringify(body), deadlineMs, at),
    /** The probe is forgotten with the answer. */
    keepAnswer: (id: string, answer: object) =>
      db
        .prepare('update operation set answer = ?, body = null where id = ? and answer is null')
        .run(JSON.stringify(answer), id).changes === 1,
    openOperations: (): Operation[] =>
      db
        .prepare<[], { id: string; kind: string; body: string; deadline_ms: number; at: number }>(
          `select id, kind, body, deadline_ms, at from operation
            where answer is null order by at, id`,
        )
        .all()
        .map(({ id, kind, body, deadline_ms: deadlineMs, at }) => ({
          id,
          kind,
          deadlineMs,
          at,
          body: JSON.parse(body) as Record<string, unknown>,
        })),
  };
}

function newEpoch(): string {
  return randomBytes(8).toString('hex');
}
