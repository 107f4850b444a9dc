import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS, refuseSelection, runPreflight } from '../../../installer/preflight/index.ts';
import { renderPreflightPage } from '../../../installer/preflight/page.ts';
import { type Case, machine, ROOT, temporaryHome } from './machine.ts';

function run(given: Case, only: readonly string[], skip: readonly string[] = []) {
  const { host, context } = machine(given);
  return runPreflight({ ...context, host, only, skip });
}

const ONE_CORE: Case = {
  host: { machine: () => ({ cpus: 1, addresses: [], hostname: 'x', uid: 1, gid: 1 }) },
};

describe('a preflight', () => {
  test('asks each runtime its own questions', async () => {
    const asked: string[] = [];
    const { host, context } = machine({ target: { runtime: 'helm' } });
    const ids = ['cluster-replicas', 'cpu-cores', 'clock-sane'];
    await runPreflight({ ...context, host, only: ids, onResult: ({ id }) => asked.push(id) });
    expect(asked).toEqual(['clock-sane', 'cluster-replicas']);
  });

  test('a warning does not stop, a failure does, and both say where to read on', async () => {
    const warned = await run(ONE_CORE, ['cpu-cores']);
    expect(warned).toEqual({
      ok: true,
      accepted: [],
      results: [
        {
          id: 'cpu-cores',
          title: 'There are at least two processor cores',
          severity: 'warn',
          outcome: 'fail',
          found: '1 core',
          remedy: 'Give the machine at least 2 cores.',
          doc: 'docs/preflight.md#cpu-cores',
        },
      ],
    });
    const secret = temporaryHome({ 'secrets/key': 'x' }, 0o644);
    expect((await run({ home: secret }, ['secrets-mode'])).ok).toBe(false);
  });

  test('a check that throws has failed', async () => {
    const statfs = (): Promise<never> => Promise.reject(new Error('EIO'));
    const { ok, results } = await run({ host: { statfs } }, ['disk-space']);
    expect(ok).toBe(false);
    expect(results[0]?.found).toBe('the check itself did not get through: EIO');
  });

  test('a warning can be left out, a failure cannot', async () => {
    const ids = ['cpu-cores', 'disk-space'];
    expect((await run(ONE_CORE, ids, ids)).results.map(({ id }) => id)).toEqual(['disk-space']);
    expect(refuseSelection({ only: [], skip: ['cpu-cores'] })).toBeNull();
    expect(refuseSelection({ only: [], skip: ['disk-space'] })).toMatch(/cannot be left out/);
    expect(refuseSelection({ only: ['disk-spac'], skip: [] })).toMatch(/did you mean disk-space\?/);
  });

  test('a failure stops unless its risk is accepted by name, and is reported then too', async () => {
    const secret = temporaryHome({ 'secrets/key': 'x' }, 0o644);
    const { host, context } = machine({ home: secret });
    const only = ['secrets-mode'];
    const other = await runPreflight({ ...context, host, only, acceptRisk: ['disk-space'] });
    expect(other).toMatchObject({ ok: false, accepted: [] });
    const taken = await runPreflight({ ...context, host, only, acceptRisk: only });
    const finding = { id: 'secrets-mode', outcome: 'fail' };
    expect(taken).toMatchObject({ ok: true, results: [finding], accepted: [finding] });
    const choose = (id: string) => refuseSelection({ only: [], skip: [], 'accept-risk': [id] });
    expect(choose('secrets-mode')).toBeNull();
    expect(choose('cpu-cores')).toMatch(/found one of severity warn, which stops nothing/);
    expect(choose('secret-mode')).toMatch(
      /--accept-risk secret-mode: .*did you mean secrets-mode\?/,
    );
  });

  test('no probe stays behind on the disk', async () => {
    const home = temporaryHome({ 'data/x': '' });
    const { host, context } = machine({ home });
    const only = ['data-dir-writable', 'disk-sync-slow', 'disk-sync-honest'];
    await runPreflight({ ...context, host, only });
    expect(await host.list(join(home, 'data'))).toEqual(['x']);
  });
});

describe('sallyport preflight', () => {
  function sallyport(...args: string[]) {
    return spawnSync(process.execPath, [join(ROOT, 'installer/main.ts'), 'preflight', ...args], {
      encoding: 'utf8',
      timeout: 60_000,
    });
  }
  const applianceYaml = (home: string, profile = 'single') =>
    `version: 1\nruntime: process\nprocess: { home: ${home}, supervisor: pidfile }\nconfig: { profile: ${profile} }\n`;

  test('ends with 3 where a check of severity fail failed, with 0 where none did', () => {
    const home = temporaryHome({ 'secrets/key': 'x' }, 0o644);
    const file = join(temporaryHome({ 'a.yaml': applianceYaml(home) }), 'a.yaml');
    const failed = sallyport('--file', file, '--only', 'secrets-mode');
    expect(failed.status).toBe(3);
    expect(failed.stdout).toMatch(/^fail secrets-mode: .+\n.+docs\/preflight\.md#secrets-mode\)\n/);
    const right = sallyport('--file', file, '--only', 'node-version', '--json');
    expect(right.status).toBe(0);
    expect(JSON.parse(right.stdout)).toMatchObject({ ok: true, results: [{ id: 'node-version' }] });
  });

  test('ends with 2 for a wrong file or choice', () => {
    const file = join(temporaryHome({ 'a.yaml': applianceYaml('/x', 'prod') }), 'a.yaml');
    expect(sallyport('--file', file)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`${file}:4:20 profile: expected one of`),
    });
    expect(sallyport('--file', file, '--skip', 'disk-space').status).toBe(2);
  });
});

describe('docs/preflight.md', () => {
  test('is what the checks say (node scripts/write-preflight-page.ts)', () => {
    expect(readFileSync(join(ROOT, 'docs/preflight.md'), 'utf8')).toBe(renderPreflightPage());
  });

  test('ids are unique and every check has a reason and a remedy in one sentence', () => {
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
    for (const { doc, remedy } of CHECKS) {
      expect(doc.length).toBeGreaterThan(20);
      expect(remedy.length).toBeGreaterThan(10);
    }
  });
});
