import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { MIGRATIONS } from '../../migrations/index.ts';
import { lintMigrations } from '../../scripts/migrations-lint/lint.ts';
import { planted } from './planted.ts';
import { sealed } from './sealed.ts';

const FIRST = planted('0001-first', ['create table a (id text)']);
const SECOND = planted('0002-second', ['alter table a add column b text']);

describe('a released migration', () => {
  test('may not send anything else, move or go', async () => {
    const released = await sealed([FIRST, SECOND]);
    const history = async (
      ...list: Parameters<typeof lintMigrations>[0]
    ): Promise<readonly string[]> => (await lintMigrations(list, released)).history;
    expect(await history(FIRST, SECOND)).toEqual([]);
    const edited = planted('0002-second', ['alter table a add column c text']);
    expect((await history(FIRST, edited))[0]).toMatch(
      /^0002-second was released with 0\.1\.0 and sends something else on postgres now\. Take the change back/,
    );
    expect(await history(FIRST)).toEqual([
      '0002-second was released with 0.1.0: expected it at place 2, found nothing.',
    ]);
    const between = planted('0001x-between', ['create table x (id text)']);
    expect((await history(FIRST, between, SECOND)).join()).toContain(
      'expected it at place 2, found 0001x-between',
    );
  });

  test('is not judged again by rules that came after it', async () => {
    const harsh = planted('0002-harsh', ['alter table a rename to b']);
    const { findings } = await lintMigrations([FIRST, harsh], await sealed([FIRST, harsh]));
    expect(findings).toEqual([]);
  });

  test('may have its comments mended: what counts is what it sends', async () => {
    const released = await sealed(MIGRATIONS);
    expect((await lintMigrations(MIGRATIONS, released)).history).toEqual([]);
  });
});

describe('names of migrations', () => {
  test('rise and begin with four digits', async () => {
    const { history } = await lintMigrations([SECOND, planted('two', ['select 1']), FIRST], []);
    expect(history).toEqual([
      'two: expected four digits and words, as 0010-what-it-adds.',
      '0001-first: expected a number above that of two: versions compare by name.',
    ]);
  });
});

describe('the commands', () => {
  const run = (...argv: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, argv, {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });

  test('npm run check:migrations says how many there are', () => {
    const { status, stdout } = run('scripts/lint-migrations.ts');
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining(`${MIGRATIONS.length} migrations, `),
    ]);
  });

  test('npm run migrations:seal wants a version', () => {
    const { status, stderr } = run('scripts/seal-migrations.ts', 'soon');
    expect([status, stderr]).toEqual([
      2,
      'expected the version of the release, as 0.2.0, found "soon".\n',
    ]);
  });
});
