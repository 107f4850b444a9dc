import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { personSeedOf, populationLines } from '../../../simulators/terminal/population.ts';
import { type Captured, createCamera } from '../../../simulators/terminal/camera.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { CONSENT, postRows, type Rig, startRig } from './rig.ts';

// Hooks run in the order they are written: the rig stops before its database is closed.
afterAll(() => rig.close());
const database = useTestDatabase();
const camera = createCamera({ seed: 'import' });
let rig: Rig;

beforeAll(async () => {
  rig = await startRig(database.deps());
});

let refs = 0;
interface Row {
  external_ref: string;
  display_name: string;
  consent: typeof CONSENT;
  templates: (Omit<Captured, 'vector'> & { vector: unknown })[];
}

function row(changed: object = {}): Row {
  refs += 1;
  return {
    external_ref: `row-${refs}`,
    display_name: `Person ${refs}`,
    consent: CONSENT,
    templates: [camera.capture(`row-${refs}`, { purpose: 'enrolment' })],
    ...changed,
  };
}

interface Report {
  imported: number;
  unchanged: number;
  failed: number;
  errors: { line: number; pointer: string; code: string; detail: string }[];
  errors_truncated: boolean;
}

async function importRows(
  org: SeededOrganization,
  rows: Iterable<string | object>,
): Promise<Report> {
  const answer = await postRows(rig.http, org.apiKey, rows);
  expect(answer.status).toBe(200);
  return answer.json();
}

async function count(org: SeededOrganization, table: string): Promise<number> {
  const db = database.databases().org(org.orgId);
  const rows = await db.query<{ count: number }>(
    `select count(*) as count from ${table} t where t.org_id = $1`,
    [org.orgId],
  );
  return rows[0]?.count ?? 0;
}

const TABLES = ['person', 'consent', 'person_key', 'template'];

describe('the bulk import', () => {
  test('stores each good row whole, and nothing of a bad one', async () => {
    const org = await database.seedOrganization();
    const report = await importRows(org, populationLines({ count: 600, seed: 11, bad: 12 }));
    expect(report).toMatchObject({
      imported: 588,
      unchanged: 0,
      failed: 12,
      errors_truncated: false,
    });
    expect(report.errors.map(({ line, pointer, code }) => [line, pointer, code])).toEqual([
      [50, '', 'invalid_json'],
      [100, '/external_ref', 'too_small'],
      [150, '/display_name', 'missing'],
      [200, '/consent/purpose', 'consent_required'],
      [250, '/consent/given_at', 'in_future'],
      [300, '/consent', 'missing'],
      [350, '/templates/0/quality', 'too_small'],
      [400, '/templates/0/vector', 'wrong_format'],
      [450, '/templates/0/extractor', 'not_allowed'],
      [500, '/nickname', 'unknown_field'],
      [550, '/node_id', 'not_found'],
      [600, '', 'wrong_type'],
    ]);
    for (const { detail } of report.errors) expect(detail).toMatch(/^Expected .*, found .*\.$/);
    for (const table of TABLES) expect(await count(org, table)).toBe(588);
  });

  test('seals each template under a key of its own person', async () => {
    const org = await database.seedOrganization();
    await importRows(org, [row(), row(), row()]);
    const keys = await database
      .databases()
      .org(org.orgId)
      .query<{ wrapped: Buffer }>('select k.wrapped from person_key k where k.org_id = $1', [
        org.orgId,
      ]);
    expect(new Set(keys.map((key) => key.wrapped.toString('hex'))).size).toBe(3);
  });

  test('holds no vector in clear', async () => {
    const org = await database.seedOrganization();
    const imported = row();
    await importRows(org, [imported]);
    const [stored] = await database
      .databases()
      .org(org.orgId)
      .query<{ sealed: Buffer }>('select t.sealed from template t where t.org_id = $1', [
        org.orgId,
      ]);
    const clear = Buffer.from(String(imported.templates[0]?.vector), 'base64');
    expect(stored?.sealed.length).toBe(clear.length + 93);
    expect(stored?.sealed.includes(clear.subarray(0, 16))).toBe(false);
  });

  test('sent again changes nothing', async () => {
    const org = await database.seedOrganization();
    const rows = [...populationLines({ count: 300, seed: 12, bad: 0 })];
    await importRows(org, rows.slice(0, 120));
    const report = await importRows(org, rows);
    expect(report).toMatchObject({ imported: 180, unchanged: 120, failed: 0 });
    for (const table of TABLES) expect(await count(org, table)).toBe(300);
  });

  test('refuses a reference that somebody else has, in the table or in the same file', async () => {
    const org = await database.seedOrganization();
    const first = row();
    await importRows(org, [first]);
    const again = row();
    const report = await importRows(org, [
      { ...first, display_name: 'Somebody else' },
      again,
      { ...again, display_name: 'Another name' },
      { ...again },
    ]);
    expect(report).toMatchObject({ imported: 1, unchanged: 1, failed: 2 });
    expect(report.errors).toMatchObject([
      { line: 1, pointer: '/external_ref', code: 'taken' },
      { line: 3, pointer: '/external_ref', code: 'taken' },
    ]);
  });

  test('by two callers at once stores each person once', async () => {
    const org = await database.seedOrganization();
    const rows = [...populationLines({ count: 200, seed: 13, bad: 0 })];
    const reports = await Promise.all([importRows(org, rows), importRows(org, rows)]);
    expect(reports.reduce((sum, report) => sum + report.imported, 0)).toBe(200);
    expect(reports.reduce((sum, report) => sum + report.unchanged, 0)).toBe(200);
    expect(reports.map((report) => report.failed)).toEqual([0, 0]);
    for (const table of TABLES) expect(await count(org, table)).toBe(200);
  });

  test('tells the first thousand errors and counts the rest', async () => {
    const org = await database.seedOrganization();
    const report = await importRows(
      org,
      Array.from({ length: 1_203 }, () => '{"a":1}'),
    );
    expect(report.failed).toBe(1_203);
    expect(report.errors).toHaveLength(1_000);
    expect(report.errors_truncated).toBe(true);
    expect(await count(org, 'person')).toBe(0);
  });

  test('never repeats a vector in an error', async () => {
    const org = await database.seedOrganization();
    const capture = camera.capture('never repeated');
    const report = await importRows(org, [
      row({ templates: [{ ...capture, vector: `${capture.vector}!` }] }),
      row({ templates: [{ ...capture, vector: 7 }] }),
    ]);
    expect(report.failed).toBe(2);
    expect(JSON.stringify(report)).not.toContain(capture.vector.slice(0, 40));
    expect(report.errors[1]?.detail).toContain('not shown');
  });

  test('puts nobody under a node of another organization', async () => {
    const [org, other] = [await database.seedOrganization(), await database.seedOrganization()];
    const report = await importRows(org, [
      row({ node_id: other.siteId }),
      row({ node_id: org.siteId }),
    ]);
    expect(report).toMatchObject({ imported: 1, failed: 1 });
    expect(await count(other, 'person')).toBe(0);
  });

  test('takes people without templates, and then makes no key', async () => {
    const org = await database.seedOrganization();
    const consent = { ...CONSENT, purpose: 'payment' };
    expect(await importRows(org, [row({ templates: [], consent })])).toMatchObject({ imported: 1 });
    expect(await count(org, 'person_key')).toBe(0);
  });

  test('makes people identifiable without a restart', async () => {
    const org = await database.seedOrganization();
    await importRows(org, populationLines({ count: 60, seed: 14, bad: 0 }));
    const probe = camera.capture(personSeedOf(14, 40));
    const found = await until('the imported person to be found', async () => {
      const identification = await rig.biometrics.identify({ orgId: org.orgId, ...probe });
      return identification.outcome === 'match' ? identification : null;
    });
    const db = database.databases().org(org.orgId);
    const [person] = await db.query<{ external_ref: string }>(
      'select p.external_ref from person p where p.org_id = $1 and p.id = $2',
      [org.orgId, found.personId],
    );
    expect(person?.external_ref).toBe('pop-14-000040');
  });
});
