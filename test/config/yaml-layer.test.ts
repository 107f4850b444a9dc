import { describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { refusal, writeFile } from './written-files.ts';

const SECRET = 'sk_live_do_not_print_me';

function problemsOf(text: string): string[] {
  const file = writeFile('site.yaml', text);
  const lines = refusal({ files: [file] })
    .message.split('\n')
    .slice(1);
  return lines.map((line) => line.replaceAll(file, 'site.yaml'));
}

describe('a YAML file', () => {
  test('an unknown name is refused with its line and the nearest known one', () => {
    expect(problemsOf('providers:\n  stripe:\n    base_ulr: https://x.example\n')).toEqual([
      'site.yaml:3:5 providers.stripe.base_ulr: expected the name of a setting, found an unknown name; did you mean providers.stripe.base_url?',
    ]);
  });

  test('an unknown group is refused with the nearest group', () => {
    expect(problemsOf('databse:\n  kind: sqlite\n')).toEqual([
      'site.yaml:1:1 databse: expected the name of a setting, found an unknown name; did you mean database?',
    ]);
  });

  test('a setting in the wrong group is shown its place', () => {
    expect(problemsOf('secret_key: x\n')[0]).toContain('did you mean providers.stripe.secret_key?');
  });

  test('a name nothing is near to gets no suggestion', () => {
    expect(problemsOf('zebra: 1\n')).toEqual([
      'site.yaml:1:1 zebra: expected the name of a setting, found an unknown name',
    ]);
  });

  test.each(['__proto__: { polluted: 1 }\n', 'constructor: { prototype: { polluted: 1 } }\n'])(
    'a name of the language is an unknown name: %s',
    (text) => {
      expect(problemsOf(text)).toHaveLength(1);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  test.each([
    ['http: { port: "8080" }', 'found the text "8080" (write it without quotes)'],
    ['http: { port: 80.5 }', 'found the number 80.5'],
    ['http: { port: -1 }', 'found the number -1'],
    ['http: { port: 65536 }', 'found the number 65536'],
    ['http: { port: }', 'found nothing'],
    ['http: { port: [80] }', 'found a list of 1: [80]'],
    ['http: { port: { number: 80 } }', 'found a group of settings'],
    ['log: { pretty: yes }', 'expected true or false, found the text "yes"'],
    ['gateway: { public_names: door }', 'expected a list of up to 32'],
    ['gateway: { public_names: [door, 7] }', 'found a list of 2: ["door",7]'],
    [
      'database: { sqlite: { synchronous: OFF } }',
      'expected one of FULL, EXTRA, found the text "OFF"',
    ],
    ['providers: { stripe: { base_url: ftp://x.example } }', 'expected an http:// or https:// URL'],
  ])('%s is refused with what was expected and found', (text, expected) => {
    const problems = problemsOf(`${text}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
    expect(problems[0]).toMatch(/^site\.yaml:1:\d+ /);
  });

  test('a long wrong value is shortened', () => {
    const problem = problemsOf(`http: { host: "${'é'.repeat(5000)}" }\n`)[0] ?? '';
    expect(problem).toMatch(/… \(5002 characters\)$/);
    expect(problem.length).toBeLessThan(300);
  });

  test('a name written twice is refused where it is written the second time', () => {
    expect(problemsOf('http:\n  port: 1\n  port: 2\n')).toEqual([
      'site.yaml:3:3 http.port: expected each name once in its group, found the same name a second time',
    ]);
  });

  test.each([
    [
      'an open quote',
      'http:\n  host: "abc\n  port: 1\n',
      /^site\.yaml:2:9: expected a " that closes the " here, found none$/,
    ],
    [
      'an open bracket, not the closed one around it',
      'gateway: { public_names: [a, b }\n',
      /^site\.yaml:1:26: expected a \] that closes the \[ here, found none$/,
    ],
    [
      'a second colon on a line',
      'http: port: 1\n',
      /^site\.yaml:1:7: expected one name: value on each line, found a second one in it/,
    ],
    [
      'a tab',
      'http:\n\tport: 1\n',
      /^site\.yaml:2:1: expected spaces as indentation, found a tab$/,
    ],
    ['two documents', 'http: {}\n---\nhttp: {}\n', /expected one document/],
    ['a foreign tag', 'data_dir: !include x\n', /found a tag that is not known/],
    ['a list at the top', '- http\n', /expected a group of settings, found a list of 1/],
    ['an alias', 'data_dir: &a x\nkeys: { file: { path: *a } }\n', /expected values written out/],
  ])('%s is refused with its place', (_what, text, expected) => {
    expect(problemsOf(text)[0]).toMatch(expected);
  });

  test('an empty file and a group with everything commented out say nothing', () => {
    const files = [writeFile('a.yaml', ''), writeFile('b.yaml', 'http:\n  # port: 1\n')];
    expect(loadConfig({ files, env: {} }).http.port).toBe(8080);
  });

  test('a file above one MiB is refused unread', () => {
    expect(problemsOf(`# ${'x'.repeat(1024 * 1024)}`)[0]).toContain('found 1048578 bytes');
  });
});

describe('a file that is something else altogether', () => {
  test('is not read to its end', () => {
    const names = Array.from({ length: 30_000 }, (_, index) => `name_${index}: 1`).join('\n');
    const problems = problemsOf(names);
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toBe(
      'site.yaml: expected fewer than 100 mistakes, found more; the rest is not shown',
    );
  });

  test('has a name of 100,000 characters cut', () => {
    const problem = problemsOf(`? ${'x'.repeat(100_000)}\n: 1\n`)[0] ?? '';
    expect(problem.length).toBeLessThan(400);
  });

  test('nests without end', () => {
    expect(problemsOf('['.repeat(500_000))[0]).toContain('found hundreds of them');
    expect(problemsOf('{a: '.repeat(20_000)).length).toBeLessThan(10);
  });

  test('is a device or a folder', () => {
    for (const file of ['/dev/zero', '/']) {
      expect(refusal({ files: [file] }).problems[0]?.found).toBe(
        `something else than a file at ${file}`,
      );
    }
  });
});

describe('secrets in a YAML file', () => {
  test('may be written in place or come from a file beside it', () => {
    const file = writeFile(
      'site.yaml',
      'providers:\n  stripe:\n    secret_key: { file: key }\n    webhook_secrets: [in_place, { file: ./hook }]\n',
    );
    writeFileSync(join(dirname(file), 'key'), `${SECRET}\n`);
    writeFileSync(join(dirname(file), 'hook'), 'whsec_1');
    const { stripe } = loadConfig({ files: [file], env: {} }).providers;
    expect(stripe.secret_key).toBe(SECRET);
    expect(stripe.webhook_secrets).toEqual(['in_place', 'whsec_1']);
  });

  test('a list may lie in one file, an item on each line', () => {
    const hooks = writeFile('hooks', 'whsec_1\nwhsec_2\n');
    const text = `providers: { stripe: { webhook_secrets: { file: ${hooks} } } }\n`;
    const { stripe } = loadConfig({ files: [writeFile('a.yaml', text)], env: {} }).providers;
    expect(stripe.webhook_secrets).toEqual(['whsec_1', 'whsec_2']);
  });

  test.each([
    ['a file that is missing', '{ file: gone }', 'found no file at'],
    ['a folder', '{ file: . }', 'found something else than a file at'],
    ['another name than file', '{ fiel: key }', 'found a group of settings that is not that'],
    ['two names', '{ file: key, value: x }', 'found a group of settings that is not that'],
    ['a number', '12345678', 'found a number (not shown)'],
    ['spaces around', `" ${SECRET}"`, 'found a text (not shown)'],
  ])('%s is refused, without the secret', (_what, written, expected) => {
    const problems = problemsOf(`providers:\n  stripe:\n    secret_key: ${written}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^site\.yaml:3:17 providers\.stripe\.secret_key: /);
    expect(problems[0]).toContain(expected);
    expect(problems[0]).not.toContain('12345678');
    expect(problems[0]).not.toContain(SECRET);
  });

  test.each([
    `providers: ${SECRET}\n`,
    `${SECRET}\n`,
    `providers:\n  stripe: ${SECRET}\n`,
    `providers:\n  stripe:\n    secret_key: "${SECRET}\n`,
    `providers:\n  stripe:\n    secret_key: ok ok: ${SECRET}\n`,
    `providers:\n  stripe:\n    secret_key: *${SECRET}\n`,
    `providers:\n  stripe:\n    secret_key: !${SECRET} x\n`,
    `providers:\n  stripe:\n    secret_key: [${SECRET}]\n`,
    `providers:\n  stripe:\n    secret_key: x\n   ${SECRET}\n`,
    `providers:\n  stripe:\n    webhook_secrets: ${SECRET}\n`,
    `providers:\n  stripe:\n    webhook_secrets: [${SECRET}, 7]\n`,
    `providers:\n  stripe:\n    secret_kee: ${SECRET}\n`,
  ])('no mistake prints one: %j', (text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toContain(SECRET);
  });
});
