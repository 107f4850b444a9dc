import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../server/platform/logging/logger.ts';
import { prettyDestination } from '../../../server/platform/logging/pretty.ts';

function logged(entry: object, secretNames: Iterable<string> = []): Record<string, unknown> {
  let line = '';
  const log = createLogger(
    {
      level: 'info',
      version: '1.2.3',
      commit: 'c0ffee',
      role: 'api',
      secretNames: new Set(secretNames),
    },
    { write: (text) => void (line = text) },
  );
  log.info(entry, 'something');
  return JSON.parse(line) as Record<string, unknown>;
}

describe('a line', () => {
  test('is JSON with its level as a word, an instant, the role and the build', () => {
    expect(logged({})).toMatchObject({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      role: 'api',
      version: '1.2.3',
      commit: 'c0ffee',
      msg: 'something',
    });
  });

  test('never shows what is always secret, on three levels', () => {
    const line = logged({
      authorization: 'planted',
      headers: { authorization: 'planted', cookie: 'planted' },
      body: { template: { sealed: 'planted' }, person: { vector: [0.123454321], name: 'shown' } },
    });
    expect(JSON.stringify(line)).not.toMatch(/planted|123454321/);
    expect(JSON.stringify(line)).toContain('shown');
  });

  test('never shows what a setting or a schema marks, whatever its name', () => {
    const marked = { 'secret-key': 'planted', nested: { claim_code: 'planted', other: 'shown' } };
    const text = JSON.stringify(logged(marked, ['secret-key', 'claim_code']));
    expect(text).not.toContain('planted');
    expect(text).toContain('shown');
  });

  test('of an error keeps its causes', () => {
    const line = logged({ err: new Error('outer', { cause: new Error('inner') }) });
    expect((line['err'] as { stack: string }).stack).toMatch(/outer[\s\S]*inner/);
  });
});

test('for people, a line is the time, the level, the words and the facts', () => {
  const written: string[] = [];
  const destination = prettyDestination((text) => void written.push(text));
  const log = createLogger(
    { level: 'info', version: '1', commit: 'c', role: 'all', secretNames: new Set() },
    destination,
  );
  log.warn({ ms: 12, route: '/v1/x', secret: 'planted' }, 'slow');
  expect(written.join('')).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} warn {2}slow ms=12 route=\/v1\/x secret=\[redacted\]\n$/,
  );
});
