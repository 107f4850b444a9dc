import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { type SchemaView, viewSchema } from '../support/schema.ts';
import { ROOT } from '../support/spawn-appliance.ts';
import { copyOrganization, type Neighbour, ownerColumn } from './neighbour.ts';
import type { RecordedStatement } from './recorded-statement.ts';
import { UNEXERCISED } from './unexercised.ts';
import { isInsert, leak, namesOrganization, type Outcome, type Walls } from './walls.ts';
import { postgresWalls } from './walls-postgres.ts';
import { sqliteWalls } from './walls-sqlite.ts';
import { recordWorkload, type Recording } from './workload.ts';
import { writtenStatements } from './written-statements.ts';

let database: TestDatabase;
let view: SchemaView;
let recording: Recording;
let neighbour: Neighbour;
let walls: Walls;

beforeAll(async () => {
  database = await openTestDatabase();
  view = await viewSchema(database);
  recording = await recordWorkload(database, view);
  const { kind, settings } = database;
  const { orgId } = recording;
  const owned = (await view.tables()).flatMap((table) => {
    const column = ownerColumn(table);
    return column === null ? [] : [{ table: table.name, column }];
  });
  neighbour = await copyOrganization(view, { orgId, kind });
  const parties = { orgId, neighbour: neighbour.orgId, owned };
  walls =
    settings.kind === 'postgres'
      ? await postgresWalls(settings, parties)
      : sqliteWalls(settings.file, parties);
}, 240_000);

afterAll(async () => {
  await walls?.close();
  await database?.close();
});

/** Each text that names an organization, with what it was really asked with. */
function asked(): RecordedStatement[] {
  const { statements, orgId } = recording;
  return statements.filter(
    ({ text, org, params }) => org === orgId && params[0] === orgId && namesOrganization(text),
  );
}

const truths = new Map<RecordedStatement, Promise<Outcome>>();

function truthOf(statement: RecordedStatement): Promise<Outcome> {
  const known = truths.get(statement) ?? walls.truth(statement);
  truths.set(statement, known);
  return known;
}

async function leaks(statements: readonly RecordedStatement[]): Promise<string[]> {
  const found: string[] = [];
  for (const statement of statements) {
    const what = leak(await truthOf(statement), await walls.behindWall(statement));
    if (what !== null) found.push(`${what}: ${statement.text}`);
  }
  return found;
}

describe('one wall is enough', () => {
  test('the workload asked many different questions, and nothing in it broke', () => {
    expect(recording.broken).toEqual([]);
    expect(new Set(asked().map(({ text }) => text)).size).toBeGreaterThan(70);
    const copied = Object.values(neighbour.copied).filter((rows) => rows > 0);
    expect(copied.length).toBeGreaterThan(20);
  });

  test('no statement shows or touches a row of another organization behind one wall alone', async () => {
    expect(await leaks(asked())).toEqual([]);
  }, 240_000);

  test('without any wall most of them would', async () => {
    const wouldLeak = new Set<string>();
    for (const statement of asked()) {
      const open = await walls.behindNothing(statement);
      if (leak(await truthOf(statement), open) !== null) wouldLeak.add(statement.text);
    }
    const texts = new Set(asked().map(({ text }) => text)).size;
    process.stderr.write(
      `isolation on ${database.kind}: ${texts} statements asked ${asked().length} times, ` +
        `${wouldLeak.size} would leak without a wall\n`,
    );
    expect(wouldLeak.size).toBeGreaterThan(40);
  }, 240_000);

  test('a row cannot be written into another organization', async () => {
    const written: string[] = [];
    for (const statement of inserts()) {
      const { foreignTouched } = await walls.behindWall(statement);
      if (foreignTouched > 0) written.push(statement.text);
    }
    expect(inserts().length).toBeGreaterThan(20);
    expect(written).toEqual([]);
  }, 240_000);

  test('a wall with a hole is noticed', async () => {
    const people = asked().filter(({ text }) => /\bfrom person p\b/.test(text));
    expect(people.length).toBeGreaterThan(2);
    expect(await leaks(people)).toEqual([]);
    const holed =
      database.kind === 'postgres'
        ? await withoutRowSecurity('person', () => leaks(people))
        : await leaksOfStripped(people);
    expect(holed.length).toBeGreaterThan(0);
    expect(holed.join('\n')).toContain('foreign rows');
    expect(await leaks(people)).toEqual([]);
  });
});

describe('the questions are all there are', () => {
  test('every statement in the sources that names an organization was asked, or says why not', () => {
    const sent = [...new Set(recording.statements.map(({ text }) => text))];
    const missing = writtenStatements(ROOT)
      .filter(({ shown }) => namesOrganization(shown) || /^insert into \w+ \(org_id/.test(shown))
      .filter(({ pattern }) => !sent.some((text) => pattern.test(text)))
      .map(({ file, shown }) => `${file}: ${shown}`)
      .filter((line) => !UNEXERCISED.some(({ statement }) => line.includes(statement)));
    expect(missing).toEqual([]);
  });

  test('the list of exceptions holds nothing that is gone', () => {
    const written = writtenStatements(ROOT).map(({ file, shown }) => `${file}: ${shown}`);
    const stale = UNEXERCISED.filter(
      ({ statement }) => !written.some((line) => line.includes(statement)),
    );
    expect(stale).toEqual([]);
  });
});

/** Rows that name their organization by a parameter; asked with the first organization's own. */
function inserts(): RecordedStatement[] {
  const { statements, orgId } = recording;
  return statements.filter(
    ({ text, org, params }) => org === orgId && params[0] === orgId && isInsert(text),
  );
}

async function withoutRowSecurity<T>(table: string, run: () => Promise<T>): Promise<T> {
  await view.run(`alter table ${table} disable row level security`);
  try {
    return await run();
  } finally {
    await view.run(`alter table ${table} enable row level security`);
  }
}

async function leaksOfStripped(statements: readonly RecordedStatement[]): Promise<string[]> {
  const found: string[] = [];
  for (const statement of statements) {
    const what = leak(await truthOf(statement), await walls.behindNothing(statement));
    if (what !== null) found.push(`${what}: ${statement.text}`);
  }
  return found;
}
