import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, problemLine } from '../../../config/problem.ts';
import { readApplianceFile } from '../../../installer/appliance-file/read.ts';
import { DEFAULT_ANSWERS, QUESTIONS } from '../../../installer/appliance-file/answers.ts';
import { renderApplianceFile } from '../../../installer/appliance-file/template.ts';

function written(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-appliance-file-')), 'appliance.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

function problems(text: string): string[] {
  const file = written(text);
  try {
    readApplianceFile(file);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problemLine(problem).replace(file, 'appliance.yaml'));
  }
}

describe('appliance.yaml', () => {
  test.each([
    [
      'an unknown name of its own, with the nearest',
      'runtim: process\n',
      'appliance.yaml:1:1 runtim: expected the name of a setting, found an unknown name; did you mean runtime?',
    ],
    [
      'an unknown name of a section',
      'process:\n  hom: /srv\n',
      'appliance.yaml:2:3 process.hom: expected the name of a setting, found an unknown name; did you mean process.home?',
    ],
    [
      'an unknown setting of the server, by its own table',
      'config:\n  http:\n    prot: 80\n',
      'appliance.yaml:3:5 http.prot: expected the name of a setting, found an unknown name; did you mean http.port?',
    ],
    [
      'a wrong value',
      'runtime: docker\n',
      'appliance.yaml:1:10 runtime: expected one of process, container, helm, found the text "docker"',
    ],
    [
      'a wrong value of the server',
      'config:\n  http: { port: eighty }\n',
      'appliance.yaml:2:17 http.port: expected a port, an integer from 0 to 65535 (0 lets the system choose), found the text "eighty"',
    ],
    [
      'a port that probes could not find',
      'config:\n  http: { port: 0 }\n',
      'appliance.yaml:2:17 http.port: expected a port of its own from 1 to 65535, because probes must find it, found the number 0',
    ],
    [
      'a data folder, which the runtime decides',
      'config:\n  data_dir: /elsewhere\n',
      'appliance.yaml:2:13 data_dir: expected no data_dir here: the runtime decides it (docs/box.md, What lies where), found one',
    ],
    [
      'settings of another runtime',
      'runtime: process\ncontainer:\n  engine: docker\n',
      'appliance.yaml:3:11 container.engine: expected settings of process, because runtime is process, found settings of container',
    ],
    [
      'a home that would need quoting',
      'process:\n  home: "/srv/my box"\n',
      'appliance.yaml:2:9 process.home: expected a path of letters, digits and . _ - / only, found "/srv/my box"',
    ],
    [
      'a later version of the file',
      'version: 2\n',
      'appliance.yaml:1:10 version: expected an integer from 1 to 1, found the number 2',
    ],
    [
      'a rule of the server',
      'config:\n  profile: cluster\n  database: { kind: sqlite }\n',
      'appliance.yaml:3:21 database.kind: expected postgres, because the replicas of the cluster profile share it, found sqlite',
    ],
  ])('is refused for %s', (_, text, line) => {
    const found = problems(text);
    expect(found.filter((each) => each === line)).toEqual([line]);
  });

  test.each([
    ...['/', '/etc', '/etc/', '/etc/sallyport', '/usr', '/usr/lib', '/usr/local', '/usr/local/bin'],
    ...['/var', '/var/lib', '/home', '/root', '/opt', '/opt/../etc', '/srv', '/tmp', '/mnt'],
    ...['/boot/box', '/dev/shm', '/proc/1', '/sys', '/run/box', '/bin', '/lib64'],
  ])('home: %s is refused, because the system has it', (home) => {
    for (const runtime of ['process', 'container']) {
      const found = problems(`runtime: ${runtime}\n${runtime}: { home: ${home} }\n`);
      expect(found).toEqual([
        expect.stringMatching(
          `^appliance.yaml:2:\\d+ ${runtime}.home: expected a folder of its own, such as /opt/sallyport, found the system's own /`,
        ),
      ]);
    }
  });

  test.each([
    '/opt/sallyport',
    '/srv/box',
    '/var/lib/sallyport',
    '/home/box',
    '/usr/local/sallyport',
  ])('home: %s is taken', (home) => {
    expect(problems(`process: { home: ${home} }\n`)).toEqual([]);
  });

  test('several mistakes are told at once, in the order of the lines', () => {
    const found = problems('name: A\nruntime: docker\nconfig:\n  http: { port: -1 }\n');
    expect(found.map((line) => /:(\d+):/.exec(line)?.[1])).toEqual(['1', '2', '4']);
  });

  test('a secret of a real provider that is not there is refused, not made', () => {
    const [first] = problems(
      'process: { home: /nowhere/box }\nconfig:\n  profile: single\n  providers:\n    stripe:\n      enabled: true\n      secret_key: { file: /nowhere/box/secrets/stripe-secret-key }\n',
    );
    expect(first).toContain('providers.stripe.secret_key');
    expect(first).toContain('no file at /nowhere/box/secrets/stripe-secret-key');
  });

  test('a value written twice, or an alias, is refused', () => {
    expect(problems('name: a\nname: b\n')[0]).toContain('the same name a second time');
    expect(problems('helm:\n  values: { a: &x 1, b: *x }\nruntime: helm\n')[0]).toContain(
      'an alias',
    );
  });

  test('relative paths are relative to the file', () => {
    const file = written('process: { home: box, supervisor: pidfile }\n');
    expect(readApplianceFile(file).settings.process.home).toBe(join(file, '../box'));
  });
});

describe('what init writes', () => {
  const RUNTIMES = ['process', 'container', 'helm'];
  const PROFILES = ['single', 'evaluation'];
  test.each(RUNTIMES.flatMap((runtime) => PROFILES.map((profile) => ({ runtime, profile }))))(
    'is taken as it is: $runtime, $profile',
    ({ runtime, profile }) => {
      const text = renderApplianceFile({
        ...DEFAULT_ANSWERS,
        runtime,
        profile,
        home: '/nowhere/box',
      });
      const read = readApplianceFile(written(text));
      expect(read.settings.runtime).toBe(runtime);
      expect(read.config.profile).toBe(profile);
      expect(read.warnings).toEqual([]);
    },
  );

  test('with Postgres it lacks the three passwords alone', () => {
    const text = renderApplianceFile({ ...DEFAULT_ANSWERS, database: 'postgres' });
    const found = problems(text).filter((line) => line.includes('no file at'));
    expect(found).toHaveLength(3);
  });

  test('every default answer is one that the question takes', () => {
    for (const question of QUESTIONS) {
      expect([question.key, question.refuse(DEFAULT_ANSWERS[question.key])]).toEqual([
        question.key,
        null,
      ]);
    }
    expect(QUESTIONS.map(({ key }) => key).toSorted()).toEqual(
      Object.keys(DEFAULT_ANSWERS).toSorted(),
    );
  });
});
