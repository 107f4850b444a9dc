import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { ROOT } from '../support/spawn-appliance.ts';

function run(...words: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, ['server/cluster-keys.ts', ...words], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', KUBECONFIG: '/nowhere/kubeconfig' },
  });
}

describe('the program of the keys', () => {
  test.each<[string[], string]>([
    [[], 'expected make or place, found nothing'],
    [['remake'], 'expected make or place, found remake'],
    [
      ['make', '--namespace', 'n', '--secret', 's'],
      'expected --instance and --environment, found nothing',
    ],
    [['place', '--from', 'a', '--keys', 'b'], 'expected --gateway, found nothing'],
    [['place', '--form', 'a'], "Unknown option '--form'"],
  ])('refuses %j with 2 and the reason', (words, reason) => {
    const { status, stderr } = run(...words);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(reason) });
    expect(stderr).toContain('usage: node server/cluster-keys.ts make');
  });

  test.each<[string[], string]>([
    [
      ['make', '--namespace', 'n', '--secret', 's', '--instance', 'i', '--environment', 'prod'],
      '--environment: expected live or test, found prod',
    ],
    [
      ['place', '--from', '/nowhere', '--keys', '/nowhere', '--gateway', '/nowhere'],
      'found none called keys.json, authority.pem, bootstrap-api-key',
    ],
  ])('fails on %j with 1 and the reason', (words, reason) => {
    const { status, stderr } = run(...words);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(reason) });
  });
});
