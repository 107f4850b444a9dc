// The story is the end-to-end test: the whole appliance as processes, driven from outside, on this
// database. Afterwards one row is changed on either side, and the verifier must say so.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import { runStory } from '../../installer/story/run-story.ts';
import { readAppliance } from '../../scripts/verify-ledger/appliance-rows.ts';
import { verifyLedgers } from '../../scripts/verify-ledger/verify.ts';
import { transaction } from '../../server/platform/database/database.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { ROOT, spawnAppliance, type SpawnedAppliance } from '../support/spawn-appliance.ts';

let database: TestDatabase;
let appliance: SpawnedAppliance;
let organization: string;

beforeAll(async () => {
  database = await openTestDatabase();
  appliance = await spawnAppliance({ database: database.settings, population: 1_000 });
}, 120_000);

afterAll(async () => {
  await appliance?.stop();
  await database?.close();
});

function ours(): Parameters<typeof readAppliance>[0] {
  const { settings } = database;
  if (settings.kind === 'sqlite') return { kind: 'sqlite', file: settings.file };
  const { host, port, app } = settings;
  const login = { user: app.user, password: app.password };
  return { kind: 'postgres', host, port, name: settings.database, ...login, organization };
}

async function renameSomebody(): Promise<void> {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${appliance.server.api}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${appliance.apiKey}`, ...(init.headers as object) },
    });
  const imported = '/v1/people?external_ref=pop-7-000005';
  const page = (await (await ask(imported)).json()) as { data: { id: string }[] };
  const [person] = page.data;
  if (person === undefined) throw new Error(`Expected ${imported} to find somebody.`);
  const headers = { 'content-type': 'application/json', 'if-match': '"1"' };
  const body = JSON.stringify({ display_name: 'Somebody Else' });
  const answer = await ask(`/v1/people/${person.id}`, { method: 'PATCH', headers, body });
  expect(answer.status).toBe(200);
}

const verify = () => verifyLedgers(ours(), appliance.stripe.database);

async function changeOurs(text: string): Promise<void> {
  await transaction(database.databases.org(organization), (tx) => tx.execute(text, [tx.org]));
}

function changeTheirs(text: string): void {
  const db = new Sqlite(appliance.stripe.database);
  db.exec(text);
  db.close();
}

describe('the story, from a face at a terminal to a settled payment', () => {
  test('is told to its end, and ends with equal ledgers', async () => {
    const lines: string[] = [];
    const told = await runStory(appliance.environment, ROOT, (line) => lines.push(line));
    const text = lines.join('\n');
    if (!told) throw new Error(`${text}\n\n${appliance.server.log().slice(-6_000)}`);
    expect(text).toContain('ledger = provider ledger');
    expect(text).toMatch(/not by sending it again: captured, resolved by (lookup|event)/);
    expect(text).toContain('exactly one request to capture it');
    expect(text).toContain('polled since the cursor, and applied: applied, known by poll');
    const rows = await database.databases.engine.query<{ id: string }>(
      'select id from organization',
    );
    organization = rows[0]?.id ?? '';
  }, 180_000);

  test('can be told again on the same appliance, also when somebody was renamed since', async () => {
    await renameSomebody();
    const lines: string[] = [];
    const told = await runStory(appliance.environment, ROOT, (line) => lines.push(line));
    if (!told) throw new Error(lines.join('\n'));
    expect(lines.join('\n')).toContain('ledger = provider ledger');
    expect(lines.join('\n')).toContain('1 of them carry another name by now');
  }, 180_000);

  test('both sides have rows of every kind the story tells', async () => {
    const { operations, transfers } = await readAppliance(ours());
    const ended = (kind: string, status: string): number =>
      operations.filter((row) => row.kind === kind && row.status === status).length;
    expect(ended('capture', 'succeeded')).toBe(8);
    expect(ended('authorise', 'declined')).toBe(2);
    expect(transfers.length).toBeGreaterThan(10);
  });
});

describe('the verifier, when one row is changed', () => {
  test('is content before anything is changed', async () => {
    expect((await verify()).equal).toBe(true);
  });

  test.each([
    ['an amount of ours', `amount_minor = amount_minor + 1`, `amount_minor = amount_minor - 1`],
    ['a currency of ours', `currency = 'USD'`, `currency = 'EUR'`],
    ['a state of ours', `status = 'declined'`, `status = 'succeeded'`],
  ])('names the difference in %s', async (_title, change, undo) => {
    const one = `id = (select min(id) from operation where org_id = $1 and status = 'succeeded' and kind = 'capture')`;
    const [row] = await database.databases
      .org(organization)
      .query<{ id: string }>(`select id from operation where org_id = $1 and ${one}`, [
        organization,
      ]);
    await changeOurs(`update operation set ${change} where org_id = $1 and id = '${row?.id}'`);
    const { equal, lines } = await verify();
    await changeOurs(`update operation set ${undo} where org_id = $1 and id = '${row?.id}'`);
    expect(equal).toBe(false);
    expect(lines.join('\n')).toContain('DIFFERENCE capture');
    expect(lines.join('\n')).toContain(row?.id);
    expect((await verify()).equal).toBe(true);
  });

  test('names an account whose balance its transfers do not add up to', async () => {
    const one = `id = (select min(id) from ledger_account where org_id = $1)`;
    await changeOurs(`update ledger_account set debits_posted = debits_posted + 1
      where org_id = $1 and ${one}`);
    const { equal, lines } = await verify();
    await changeOurs(`update ledger_account set debits_posted = debits_posted - 1
      where org_id = $1 and ${one}`);
    expect(equal).toBe(false);
    expect(lines.join('\n')).toContain('debits_posted');
  });

  test.each([
    [
      'an amount of theirs',
      'amount_captured_minor = amount_captured_minor + 1',
      'charge',
      'amount_captured_minor = amount_captured_minor - 1',
    ],
    ['a currency of theirs', `currency = 'usd'`, 'payment_intent', `currency = 'eur'`],
    ['a state of theirs', 'captured = 0', 'charge', 'captured = 1'],
  ])('names the difference in %s', async (_title, change, table, undo) => {
    const where =
      table === 'charge'
        ? `seq = (select max(seq) from charge where status = 'succeeded')`
        : `latest_charge = (select id from charge where seq = (select max(seq) from charge where status = 'succeeded'))`;
    changeTheirs(`update ${table} set ${change} where ${where}`);
    const { equal, lines } = await verify();
    changeTheirs(`update ${table} set ${undo} where ${where}`);
    expect(equal).toBe(false);
    expect(lines.join('\n')).toContain('DIFFERENCE');
    expect((await verify()).equal).toBe(true);
  });
});
