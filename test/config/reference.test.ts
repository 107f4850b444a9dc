import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../config/load.ts';
import { renderReference } from '../../config/reference.ts';
import { SETTINGS } from '../../config/table.ts';

const inProject = (path: string): string =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url));

describe('the reference page', () => {
  test('docs/configuration.md is what `sallyport config docs` writes today', () => {
    expect(readFileSync(inProject('docs/configuration.md'), 'utf8')).toBe(renderReference());
  });

  test('shows every setting with its variable and marks each secret and each live one', () => {
    const rows = renderReference().split('\n');
    const missing = [...SETTINGS.values()].filter((setting) => {
      const row = rows.find((line) =>
        line.startsWith(`| \`${setting.path}\`<br>\`${setting.env}\``),
      );
      if (row === undefined || row.includes('**Live.**') !== setting.live) return true;
      return row.includes('**Secret.**') !== setting.sensitive;
    });
    expect(missing.map((setting) => setting.path)).toEqual([]);
  });

  test('the example file is accepted', () => {
    expect(loadConfig({ files: [inProject('config/example.yaml')], env: {} }).profile).toBe(
      'single',
    );
  });
});
