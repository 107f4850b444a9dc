import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../config/load.ts';
import { SECTIONS, SENSITIVE_PATHS, SETTINGS, type Config } from '../../config/table.ts';

describe('the table of settings', () => {
  const settings = [...SETTINGS.values()];

  test('each setting has a sentence of documentation and a default its own format accepts', () => {
    expect(settings.length).toBeGreaterThan(100);
    const poor = settings.filter(({ doc, format, default: value }) => {
      return !/^[A-Z].*[.]$/s.test(doc) || !format.accepts(value);
    });
    expect(poor.map((setting) => setting.path)).toEqual([]);
  });

  test('no two settings share a variable, and no secret file variable is a setting', () => {
    const names = settings.map((setting) => setting.env);
    expect(new Set(names).size).toBe(names.length);
    const fileNames = settings.filter((each) => each.sensitive).map((each) => `${each.env}_FILE`);
    expect(fileNames.filter((name) => names.includes(name))).toEqual([]);
  });

  test('names are snake_case and no group is a setting', () => {
    expect(
      [...SETTINGS.keys()].filter((path) => !/^[a-z0-9_]+(\.[a-z0-9_]+)*$/.test(path)),
    ).toEqual([]);
    expect([...SECTIONS].filter((section) => SETTINGS.has(section))).toEqual([]);
  });

  test('whatever is called a secret, password or API key is sensitive', () => {
    const secretive = [...SETTINGS.keys()].filter((path) => /secret|password|api_key$/.test(path));
    expect([...SENSITIVE_PATHS].toSorted()).toEqual(secretive.toSorted());
  });

  test('the loaded configuration has exactly the keys of the table', () => {
    expect(leavesOf(loadConfig({ env: {} })).toSorted()).toEqual([...SETTINGS.keys()].toSorted());
  });

  test('its type is that of the values', () => {
    const config: Config = loadConfig({ env: {} });
    const kind: 'sqlite' | 'postgres' = config.database.kind;
    const level: 'debug' | 'info' | 'warn' | 'error' = config.log.level;
    const secrets: readonly string[] = config.providers.stripe.webhook_secrets;
    const url: string | null = config.http.public_url;
    const port: number = config.http.port;
    expect([kind, level, secrets, url, port]).toEqual(['sqlite', 'info', [], null, 8080]);
  });
});

function leavesOf(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? leavesOf(inner, `${prefix}${name}.`)
      : [`${prefix}${name}`],
  );
}
