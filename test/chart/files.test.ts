// The generated files of the chart, against the data they come from. Needs no helm.

import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SENSITIVE_PATHS, SETTINGS } from '../../config/table.ts';
import { chartFiles } from '../../scripts/chart/chart-files.ts';
import { CHART_VALUES } from '../../scripts/chart/chart-values.ts';
import { OWNED_BY_CHART } from '../../scripts/chart/config-values.ts';
import { leavesOf } from '../../scripts/chart/value.ts';

const CHART = join(import.meta.dirname, '..', '..', 'helm', 'sallyport');
const inChart = (name: string): string => readFileSync(join(CHART, name), 'utf8');

describe('the chart in this checkout', () => {
  test.each([...chartFiles().keys()])('%s is what `npm run write:chart` writes today', (name) => {
    expect(inChart(name)).toBe(chartFiles().get(name));
  });

  test('its version is that of the server', () => {
    const { version } = JSON.parse(readFileSync(join(CHART, '../../package.json'), 'utf8')) as {
      version: string;
    };
    expect(parse(inChart('Chart.yaml'))).toMatchObject({ version, appVersion: version });
  });

  test('every value is named in a template', () => {
    const templates = readdirSync(join(CHART, 'templates'))
      .map((name) => inChart(join('templates', name)))
      .join('\n');
    const unused = leavesOf(CHART_VALUES)
      .map(([path]) => path)
      .filter((path) => !isNamed(path, templates));
    expect(unused).toEqual([]);
  });

  test('every setting is in the schema of `config`, but secrets and places', () => {
    const schema = JSON.parse(inChart('values.schema.json')) as Schema;
    const refused: string[] = [];
    for (const path of SETTINGS.keys()) {
      const rule = `config.${path}`
        .split('.')
        .reduce((at, name) => at.properties?.[name] ?? {}, schema);
      if (rule.description === undefined) throw new Error(`${path} is not in the schema`);
      if (rule.description.startsWith('Refused here')) refused.push(path);
    }
    expect(refused.toSorted()).toEqual(
      [...SENSITIVE_PATHS, ...Object.keys(OWNED_BY_CHART)].toSorted(),
    );
  });

  test('every default keeps the rule of its own value', () => {
    const values = parse(inChart('values.yaml')) as Record<string, unknown>;
    const wrong = leavesOf(CHART_VALUES).filter(([path, entry]) => {
      const found = path
        .split('.')
        .reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], values);
      return JSON.stringify(found) !== JSON.stringify(entry.default);
    });
    expect(wrong.map(([path]) => path)).toEqual([]);
  });
});

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
}

/** By its whole path, or by a group that is walked through with `range` or `with`. */
function isNamed(path: string, templates: string): boolean {
  const parts = path.split('.');
  return parts.some((_, index) => {
    const start = parts.slice(0, parts.length - index).join('\\.');
    const rest = parts.slice(parts.length - index);
    const isWhole = new RegExp(`(?:Values\\.|\\$image\\.)${start}\\b`).test(templates);
    const isWalked = rest.every((name) =>
      new RegExp(`\\.${name}\\b|toYaml \\$probe`).test(templates),
    );
    return isWhole && (index === 0 || isWalked);
  });
}
