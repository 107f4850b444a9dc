// The three commands of docs/install.md for a plain process, and the life of its backup: taken from a box with a
// story behind it, brought to an empty home, and held against the provider's own books.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkout, documentedCommands, makeCheckout } from '../support/documented.ts';

let checkout: Checkout;
let home: string;
let recipient: string;

beforeAll(async () => {
  checkout = await makeCheckout();
  home = at('box');
});

afterAll(async () => {
  await checkout?.type('npx sallyport uninstall');
  checkout?.remove();
});

function at(name: string): string {
  return join(checkout.folder, name);
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

/** @returns what it printed. */
async function done(command: string): Promise<string> {
  const { code, output } = await checkout.type(command);
  expect({ command, code, output }).toMatchObject({ code: 0 });
  return output;
}

describe('a box installed as documented', () => {
  test('is there and has told its story after three commands', async () => {
    const commands = documentedCommands('A plain process');
    expect(commands).toHaveLength(3);
    let told = '';
    for (const command of commands) told = await done(command);
    expect(told).toContain('ledger = provider ledger');
  });

  test('is backed up while it serves, and notes when', async () => {
    // Its configuration is a link into what is applied; the backup must hold the text.
    expect(lstatSync(join(home, 'config/server.yaml')).isSymbolicLink()).toBe(true);
    const printed = await done('npx sallyport backup keygen --identity key.txt');
    recipient = /age1\w+/.exec(printed)?.[0] ?? '';
    const before = Date.now();
    await done(`npx sallyport backup --file appliance.yaml --recipient ${recipient} --out one.age`);
    expect(statSync(at('one.age')).mode & 0o777).toBe(0o600);
    const note = JSON.parse(textOf(join(home, 'state/backup.json'))) as Record<string, string>;
    expect(note).toEqual({
      finished_at: expect.stringMatching(/^\d{4}-.*Z$/),
      id: expect.any(String),
      out: 'one.age',
    });
    expect(Date.parse(note['finished_at'] ?? '')).toBeGreaterThanOrEqual(before);
  });

  test('goes to standard output under a passphrase, which alone opens it', async () => {
    writeFileSync(at('right.txt'), 'correct horse battery staple\n');
    writeFileSync(at('wrong.txt'), 'incorrect horse battery staple\n');
    await done(
      'npx sallyport backup --file appliance.yaml --passphrase-file right.txt --out - >two.age',
    );
    expect(textOf(at('two.age')).slice(0, 21)).toBe('age-encryption.org/v1');
    const open = 'npx sallyport restore --in two.age --passphrase-file';
    const refused = await checkout.type(`${open} wrong.txt --extract out`);
    expect(refused).toMatchObject({ code: 2, output: expect.stringContaining('does not open') });
    await done(`${open} right.txt --extract out`);
    for (const name of ['config/server.yaml', 'config/appliance.yaml', 'config/trust/root.json']) {
      expect({ name, text: textOf(at(`out/${name}`)) }).toEqual({
        name,
        text: textOf(join(home, name)),
      });
    }
    expect(readdirSync(at('out/secrets'))).toEqual(readdirSync(join(home, 'secrets')));
  });

  test('comes back from it into an empty home, equal to the provider’s books', async () => {
    // The simulated provider is not the box: its books outlive the machine.
    cpSync(join(home, 'story'), at('provider'), { recursive: true });
    const applied = textOf(join(home, 'config/server.yaml'));
    const key = textOf(join(home, 'data/bootstrap-api-key'));
    const secret = textOf(join(home, 'secrets/stripe-secret-key'));
    await done('npx sallyport uninstall --delete-data sallyport');
    expect(() => statSync(home)).toThrow('ENOENT');
    await done('npx sallyport restore --in one.age --identity key.txt --file appliance.yaml');
    expect(textOf(join(home, 'config/from-backup/server.yaml'))).toBe(applied);
    await done('npx sallyport apply --soak-ms 1000');
    expect(textOf(join(home, 'secrets/stripe-secret-key'))).toBe(secret);
    expect(textOf(join(home, 'config/server.yaml'))).toBe(applied);
    await done('npx sallyport verify');
    const who = await fetch('http://127.0.0.1:8080/v1/whoami', {
      headers: { authorization: `Bearer ${key.trim()}` },
    });
    expect(who.status).toBe(200);
    const books = '--stripe provider/stripe-twin.db --sqlite box/data/sallyport.db';
    expect(await done(`npm run verify:ledger -- ${books}`)).toContain('ledger = provider ledger');
  });
});
