import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBreaches, NAMING_RULE, SOURCE_RULES, type SourceFile } from './source-rules.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = ['server', 'config', 'installer', 'migrations', 'simulators', 'scripts', 'test'];

/** One planted line per rule and per way to break it. */
const PLANTED: { path: string; text: string; rule: string; found: string }[] = [
  {
    path: 'server/domains/payments/breach.ts',
    text: "const url = process.env['STRIPE_URL'];",
    rule: 'only config/load.ts reads the environment',
    found: 'process.env',
  },
  {
    path: 'installer/breach.ts',
    text: "import { env } from 'node:process';",
    rule: 'only config/load.ts reads the environment',
    found: "from 'node:process'",
  },
  {
    path: 'server/domains/payments/breach.ts',
    text: 'const at = Date.now();',
    rule: 'the clock is handed in',
    found: 'Date.now',
  },
  {
    path: 'server/shared/breach.ts',
    text: 'const at = new Date();',
    rule: 'the clock is handed in',
    found: 'new Date()',
  },
  {
    path: 'server/platform/outbox/breach.ts',
    text: 'setTimeout(run, 5);',
    rule: 'timers are handed in',
    found: 'setTimeout',
  },
  {
    path: 'server/domains/devices/breach.ts',
    text: "import { setInterval } from 'node:timers/promises';",
    rule: 'timers are handed in',
    found: 'setInterval',
  },
  {
    path: 'server/domains/devices/breach.ts',
    text: 'const jitter = Math.random();',
    rule: 'randomness is handed in',
    found: 'Math.random',
  },
  {
    path: 'server/platform/crypto/breach.ts',
    text: "import { randomBytes } from 'node:crypto';",
    rule: 'randomness is handed in',
    found: 'randomBytes',
  },
  {
    path: 'server/domains/people/rules.ts',
    text: 'await tx.query(`\n  SELECT * from person`, []);',
    rule: 'SQL is written in stores, the database room and migrations',
    found: '`\n  SELECT',
  },
  {
    path: 'server/domains/people/erase-person.ts',
    text: "await tx.query('delete from person where id = $1', [id]);",
    rule: 'SQL is written in stores, the database room and migrations',
    found: "'delete from",
  },
  {
    path: 'server/platform/inbox/account-routes.ts',
    text: 'db.query(`select a.id from provider_account a`, []);',
    rule: 'SQL is written in stores, the database room and migrations',
    found: '`select',
  },
  {
    path: 'server/domains/people/store.ts',
    text: 'tx.execute(`update person\n  set updated_at = now() where id = $1`, [id]);',
    rule: 'SQL takes the time as a parameter, or from the dialect',
    found: '`update person\n  set updated_at = now()',
  },
  {
    path: 'server/platform/outbox/store-shards.ts',
    text: 'tx.query(`select ${columns} from t where a = $1 and lease_until < unixepoch()`, []);',
    rule: 'SQL takes the time as a parameter, or from the dialect',
    found: 'unixepoch',
  },
  {
    path: 'scripts/verify-ledger/appliance-rows.ts',
    text: "db.query('select count(*) from t where at < now()');",
    rule: 'SQL takes the time as a parameter, or from the dialect',
    found: "'select count(*) from t where at < now()",
  },
  {
    path: 'server/shared/utils/money.ts',
    text: '',
    rule: NAMING_RULE,
    found: 'server/shared/utils/money.ts',
  },
  {
    path: 'server/domains/kyc/session-manager.ts',
    text: '',
    rule: NAMING_RULE,
    found: 'server/domains/kyc/session-manager.ts',
  },
];

/** What looks like a breach and is none. */
const ALLOWED: SourceFile[] = [
  { path: 'config/load.ts', text: 'const env = process.env;' },
  { path: 'server/real-world.ts', text: 'const now = () => Date.now();' },
  { path: 'server/domains/people/store.ts', text: 'tx.query(`select 1`, []);' },
  { path: 'server/platform/outbox/store-lanes.ts', text: 'tx.query(`select 1`, []);' },
  { path: 'server/platform/database/sqlite.ts', text: 'const nowMs = `unixepoch()`;' },
  { path: 'server/domains/people/store.ts', text: 'tx.query(`select ${now()} from t`, []);' },
  { path: 'server/domains/people/routes.ts', text: 'const set = `a`; present(row, clock.now());' },
  { path: 'server/shared/instant.ts', text: '// never Date.now(): the clock is handed in' },
  { path: 'server/shared/words.ts', text: "const text = 'to select is to choose';" },
  { path: 'server/shared/instant.ts', text: 'const at = new Date(ms).toISOString();' },
];

describe('rules on the text of the sources', () => {
  test('the sources keep all of them', () => {
    const files = FOLDERS.flatMap(readSources);
    expect(files.length).toBeGreaterThan(100);
    expect(findBreaches(files)).toEqual([]);
  });

  test.each(PLANTED)('$rule: $found in $path is reported', ({ path, text, rule, found }) => {
    expect(findBreaches([{ path, text }])).toContainEqual(
      expect.objectContaining({ rule, path, found }),
    );
  });

  test('every rule has a planted breach', () => {
    const planted = new Set(PLANTED.map(({ rule }) => rule));
    const rules = [...SOURCE_RULES.map(({ name }) => name), NAMING_RULE];
    expect([...planted].toSorted()).toEqual(rules.toSorted());
  });

  test.each(ALLOWED)('$text in $path is allowed', (file) => {
    expect(findBreaches([file])).toEqual([]);
  });

  test('a breach names its line', () => {
    const text = '// a comment\n\nconst url = "https://example.test"; const at = Date.now();';
    expect(findBreaches([{ path: 'server/shared/breach.ts', text }])).toMatchObject([{ line: 3 }]);
  });
});

function readSources(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({
      path: file.slice(ROOT.length + 1).replaceAll('\\', '/'),
      text: readFileSync(file, 'utf8'),
    }));
}
