// What is in the image and what is not: packages, platforms, secrets, sizes, labels.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ownLayers } from '../../scripts/image/own-layers.ts';
import { ROOT } from '../support/spawn-appliance.ts';
import {
  BASE,
  engine,
  ENGINE,
  EVALUATION,
  IMAGE,
  labelOf,
  runCutOff,
  runOnce,
} from './container.ts';

const LIMIT_BYTES = 60e6;

interface Lockfile {
  packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
}

/** Runs a program of Node in the image and reads the JSON it prints. */
function inside<Answer>(program: string): Answer {
  const { status, output } = runOnce(IMAGE, ['-e', program], ['--entrypoint', 'node', '--quiet']);
  const line = output.split('\n').find((each) => each.startsWith('answer '));
  if (status !== 0 || line === undefined) throw new Error(output);
  return JSON.parse(line.slice('answer '.length)) as Answer;
}

const FILES = `const fs = require('node:fs');
const files = fs.readdirSync('/opt/sallyport', { recursive: true, withFileTypes: true })
  .filter((e) => e.isFile()).map((e) => e.parentPath + '/' + e.name);`;
const files = inside<string[]>(`${FILES} console.log('answer ' + JSON.stringify(files))`);

describe('what the image weighs', () => {
  test.each([IMAGE, EVALUATION])(
    'our own layers of %s are at most 60 MB, compressed',
    async (image) => {
      const layers = await ownLayers({ image, base: BASE, engine: ENGINE });
      const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
      process.stderr.write(`${image}: ${(bytes / 1e6).toFixed(1)} MB in ${layers.length} layers\n`);
      expect(bytes).toBeGreaterThan(1e6);
      expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
    },
  );
});

describe('what is in it', () => {
  test('every production package, and each can be loaded after the pruning', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    // Styles and a script for browsers: found, not loaded.
    const loaded = Object.keys(dependencies).filter((name) => name !== 'swagger-ui-dist');
    const answer = inside<Record<string, string>>(`(async () => {
      const { createRequire } = require('node:module');
      const from = createRequire('/opt/sallyport/package.json');
      from.resolve('swagger-ui-dist/swagger-ui-bundle.js');
      const failed = {};
      for (const name of ${JSON.stringify(loaded)}) {
        const code = 'data:text/javascript,';
        try { await import(require('node:url').pathToFileURL(from.resolve(name)).href); }
        catch (error) {
          if (error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') continue;
          failed[name] = error.message;
        }
      }
      console.log('answer ' + JSON.stringify(failed));
    })()`);
    expect(answer).toEqual({});
  });

  test('labels that a registry shows, and a number as user', () => {
    const label = (name: string) => labelOf(IMAGE, `org.opencontainers.image.${name}`);
    expect(label('title')).toBe('Sallyport');
    expect(label('version')).toMatch(/^\d+\.\d+\.\d+$/);
    expect(label('revision')).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
    expect(Date.parse(label('created'))).not.toBeNaN();
    const user = engine('inspect', '--type', 'image', '--format', '{{.Config.User}}', IMAGE);
    expect(user).toBe('10001:0');
  });
});

describe('what is not in it', () => {
  test('a package that the lockfile does not count as production', () => {
    const { packages } = JSON.parse(
      readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    ) as Lockfile;
    const found = files
      .map(
        (file) =>
          /^\/opt\/sallyport\/(.*node_modules\/(?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(file)?.[1],
      )
      .filter((path) => path !== undefined);
    expect(found.length).toBeGreaterThan(100);
    const wrong = found.filter((path) => {
      const entry = packages[path];
      return entry === undefined || entry.dev === true || entry.devOptional === true;
    });
    expect(wrong).toEqual([]);
  });

  test('tests, simulators, maps, types or native modules of others', () => {
    const ours = files.filter((file) => !file.includes('/node_modules/'));
    expect(
      ours.filter((file) => /\.test\.ts$|\.heavy\.ts$|\/test\/|\/simulators\//.test(file)),
    ).toEqual([]);
    const theirs = files.filter((file) => file.includes('/node_modules/'));
    expect(
      theirs.filter((file) => /\.(map|ts|md|h|c|cpp)$/i.test(file) && !/licen[cs]e/i.test(file)),
    ).toEqual([]);
    const native = theirs.filter((file) => file.endsWith('.node'));
    expect(native.filter((file) => !file.includes(`linux-${process.arch}`))).toEqual([]);
    expect(native.length).toBe(2);
  });

  test('a secret: no login, no private key, no file of the build', () => {
    const suspects = inside<string[]>(`${FILES}
      const secret = /:_authToken=|:_password=|-----BEGIN [A-Z ]*PRIVATE KEY-----\\\\?\\n?[A-Za-z0-9+/]{40}|sk_live_[A-Za-z0-9]{10}/;
      const places = ['/root', '/tmp', '/run', '/var/lib/sallyport'].flatMap((folder) => {
        try { return fs.readdirSync(folder, { recursive: true }).map((f) => folder + '/' + f); }
        catch (error) { if (error.code === 'EACCES') return []; throw error; }
      }).filter((file) => /npmrc|\\.pem$|\\.key$|secret|keys\\.json/.test(file));
      const written = files.filter((file) => secret.test(fs.readFileSync(file, 'latin1')));
      console.log('answer ' + JSON.stringify([...places, ...written]));`);
    expect(suspects).toEqual([]);
    expect(files.filter((file) => /\/(\.npmrc|\.git|\.env)$|\/\.git\//.test(file))).toEqual([]);
    const history = engine('history', '--no-trunc', '--format', '{{.CreatedBy}}', IMAGE);
    expect(history).not.toMatch(/_authToken|PRIVATE KEY/);
  });
});

describe('cut from any network but loopback', () => {
  test('there is nothing but loopback, and nothing outside can be reached', async () => {
    const program = `const { networkInterfaces } = require('node:os');
      fetch('http://192.0.2.1/').catch((error) =>
        console.log('found ' + Object.keys(networkInterfaces()) + ' ' + error.cause.code));`;
    const { output } = await runCutOff(IMAGE, ['-e', program], ['--entrypoint', 'node']);
    expect(output).toContain('found lo ENETUNREACH');
  });

  test('the story plays inside and the books agree', async () => {
    const { status, output } = await runCutOff(EVALUATION, [
      ...['--data', '/var/lib/sallyport', '--exit-after-story'],
    ]);
    expect(output).toContain('ledger = provider ledger');
    expect(output).toContain('approved, accepted offline'.slice(10));
    expect(status).toBe(0);
    process.stderr.write(`${/The story took .*/.exec(output)?.[0]}\n`);
  });
});
