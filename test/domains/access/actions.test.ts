import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACTIONS, DEVICE_SELF } from '../../../server/domains/access/index.ts';

const SERVER = join(import.meta.dirname, '../../../server');

/** What routes and frames ask for: the word as a text, anywhere but in the list itself. */
function askedFor(): ReadonlySet<string> {
  const sources = readdirSync(SERVER, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('access/actions.ts'))
    .map((name) => readFileSync(join(SERVER, name), 'utf8'));
  const words = sources.flatMap((text) => [...text.matchAll(/'([a-z_]+\.[a-z_]+)'/g)]);
  return new Set(words.map(([, word]) => word ?? ''));
}

const notAskedFor = (actions: readonly string[]): string[] => {
  const asked = askedFor();
  return actions.filter((action) => !asked.has(action));
};

describe('the closed list of actions', () => {
  test('holds nothing that no route and no frame asks for', () => {
    expect(notAskedFor(ACTIONS)).toEqual([]);
    expect(notAskedFor(['person.read', 'ledger.read'])).toEqual(['ledger.read']);
  });

  test('names each once, and what a device may do is part of it', () => {
    expect(new Set(ACTIONS).size).toBe(ACTIONS.length);
    expect(ACTIONS).toEqual(expect.arrayContaining([...DEVICE_SELF]));
  });
});
