import { describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfigWithWarnings } from '../../config/load.ts';
import { createLiveConfig, digestOf, viewOf } from '../../server/live-config.ts';
import { withDefaults } from '../../server/shared/with-defaults.ts';
import { newFolder, type Settings, yamlOf } from './config-file.ts';

function open(settings: Settings) {
  const folder = newFolder();
  const file = join(folder, 'server.yaml');
  const write = (changed: Settings): void => writeFileSync(file, yamlOf(changed), { mode: 0o600 });
  write(settings);
  let now = 1_000;
  const load = () => loadConfigWithWarnings({ files: [file], env: {} });
  const live = createLiveConfig(load(), { load, clock: { now: () => (now += 1) } });
  return { folder, file, write, live };
}

const LIMITS = { 'http.body_limit_bytes': 2_000, 'http.request_timeout_ms': 2_000 };
const OTHERS = { 'http.body_limit_bytes': 3_000, 'http.request_timeout_ms': 3_000 };

describe('the configuration in force', () => {
  test('changes in one moment for whoever reads it', () => {
    const { live, write } = open(LIMITS);
    const seen: unknown[] = [];
    const one = viewOf(live, ({ http }) => ({ bytes: http.body_limit_bytes }));
    const other = viewOf(live, ({ http }) => ({ ms: http.request_timeout_ms }));
    live.onChange((now) => {
      seen.push([one.bytes, other.ms, now.http.body_limit_bytes, live.current() === now]);
    });
    write(OTHERS);
    expect([one.bytes, other.ms]).toEqual([2_000, 2_000]);
    live.reload();
    expect(seen).toEqual([[3_000, 3_000, 3_000, true]]);
  });

  test('counts generations only when something took effect', () => {
    const { live, write } = open(LIMITS);
    live.reload();
    expect(live.state().generation).toBe(1);
    write({ ...LIMITS, 'http.port': 1 });
    expect(live.reload().restartNeeded).toEqual(['http.port']);
    expect(live.state()).toMatchObject({ generation: 1, restartNeeded: ['http.port'] });
    write(OTHERS);
    live.reload();
    expect(live.state()).toMatchObject({ generation: 2, restartNeeded: [] });
  });

  test('keeps looking at the files of secrets that a wrong file does not name', () => {
    const { folder, file, live, write } = open(LIMITS);
    const secret = join(folder, 'key');
    write({ ...LIMITS, 'providers.stripe.secret_key': { file: secret } });
    expect(live.reload().problems[0]).toContain(`found no file at ${secret}`);
    expect(live.files()).toEqual([file, secret]);
    writeFileSync(file, 'http: [');
    expect(live.reload().problems).toHaveLength(1);
    expect(live.files()).toEqual([file, secret]);
    expect(live.state().generation).toBe(1);
  });

  test('has one digest wherever it is the same, another with another key or secret', () => {
    const [one, same] = [open(LIMITS).live.current(), open(LIMITS).live.current()];
    const other = open({ ...LIMITS, 'providers.stripe.webhook_secrets': ['a'] }).live.current();
    const [key, otherKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    expect(digestOf(one, key)).toBe(digestOf(same, key));
    expect(new Set([one, other].map((each) => digestOf(each, key))).size).toBe(2);
    expect(digestOf(one, otherKey)).not.toBe(digestOf(one, key));
  });
});

describe('a view of settings', () => {
  test('stays one below defaults, and a copy of it stands still', () => {
    const { live, write } = open(LIMITS);
    const view = viewOf(live, ({ http }) => ({ bytes: http.body_limit_bytes }));
    const whole = withDefaults({ bytes: 1, other: 2 }, view);
    const copy = { ...whole };
    write(OTHERS);
    live.reload();
    expect({ ...whole }).toEqual({ bytes: 3_000, other: 2 });
    expect(copy).toEqual({ bytes: 2_000, other: 2 });
  });
});
