// Makes the trust root of a release line: root metadata in TUF's shape, signed by its own Ed25519 keys. The
// private keys are written to a folder outside the checkout, each for its keeper; they are never committed.
//
//   node scripts/make-trust-root.ts --line development --keys DIR [--out config/trust/root.json]
//     [--keys-count 3] [--threshold 2] [--days 365]

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { canonicalJson, keyIdOf, type RootMetadata } from '../config/trust-root.ts';

const CHECKOUT = dirname(dirname(fileURLToPath(import.meta.url)));
const SPEC_VERSION = '1.0.31';
const DAY_MS = 86_400_000;
const ROLES = ['targets', 'snapshot', 'timestamp'] as const;

interface MadeKey {
  id: string;
  publicHex: string;
  secret: KeyObject;
}

const options = readOptions();
if (options !== null) {
  const { line, keysDir, out } = options;
  mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  const rootKeys = Array.from({ length: options.count }, () => makeKey());
  const roleKeys = ROLES.map((role) => ({ role, key: makeKey() }));
  const root = rootOf(options, rootKeys, roleKeys);
  rootKeys.forEach((key, index) => keep(keysDir, `${line}-root-${index + 1}`, key));
  for (const { role, key } of roleKeys) keep(keysDir, `${line}-${role}`, key);
  writeFileSync(out, `${JSON.stringify(root, null, 2)}\n`);
  console.log(
    `${out}: the root of the line ${line}, ${options.threshold} of ${options.count} keys.`,
  );
  console.log(`Private keys are in ${keysDir}: give each root key to another keeper.`);
}

interface Options {
  line: string;
  keysDir: string;
  out: string;
  count: number;
  threshold: number;
  days: number;
}

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      line: { type: 'string' },
      keys: { type: 'string' },
      out: { type: 'string', default: 'config/trust/root.json' },
      'keys-count': { type: 'string', default: '3' },
      threshold: { type: 'string', default: '2' },
      days: { type: 'string', default: '365' },
    },
  });
  const [count, threshold, days] = [values['keys-count'], values.threshold, values.days].map(
    Number,
  );
  const wrong =
    values.line === undefined || !/^[a-z][a-z0-9-]{0,39}$/.test(values.line)
      ? '--line: expected a name of lower-case letters, digits and -'
      : values.keys === undefined
        ? '--keys: expected the folder to write the private keys to'
        : isInCheckout(values.keys)
          ? '--keys: expected a folder outside this checkout; private keys are never committed'
          : !isCount(count) || !isCount(threshold) || threshold > count || !isCount(days)
            ? '--keys-count, --threshold, --days: expected positive integers, the threshold not above the count'
            : null;
  if (wrong !== null) {
    console.error(wrong);
    process.exitCode = 2;
    return null;
  }
  return {
    line: values.line ?? '',
    keysDir: resolve(values.keys ?? ''),
    out: values.out,
    count: count ?? 0,
    threshold: threshold ?? 0,
    days: days ?? 0,
  };
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value > 0;
}

function isInCheckout(folder: string): boolean {
  const path = relative(CHECKOUT, resolve(folder));
  return path === '' || (!path.startsWith('..') && !path.startsWith('/'));
}

function makeKey(): MadeKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const publicHex = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  return { id: keyIdOf(keyOf(publicHex)), publicHex, secret: privateKey };
}

function keyOf(publicHex: string): { keytype: string; scheme: string; keyval: { public: string } } {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicHex } };
}

function rootOf(
  { line, days, threshold }: Options,
  rootKeys: readonly MadeKey[],
  roleKeys: readonly { role: string; key: MadeKey }[],
): RootMetadata {
  const keys = [...rootKeys, ...roleKeys.map(({ key }) => key)];
  const expires = new Date(Date.now() + days * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const signed: RootMetadata['signed'] = {
    _type: 'root',
    spec_version: SPEC_VERSION,
    version: 1,
    expires,
    consistent_snapshot: true,
    keys: Object.fromEntries(keys.map(({ id, publicHex }) => [id, keyOf(publicHex)])),
    roles: {
      root: { keyids: rootKeys.map(({ id }) => id), threshold },
      ...Object.fromEntries(
        roleKeys.map(({ role, key }) => [role, { keyids: [key.id], threshold: 1 }]),
      ),
    },
    'x-release-line': line,
  };
  const bytes = Buffer.from(canonicalJson(signed));
  const signatures = rootKeys.map(({ id, secret }) => ({
    keyid: id,
    sig: sign(null, bytes, secret).toString('hex'),
  }));
  return { signatures, signed };
}

function keep(folder: string, name: string, key: MadeKey): void {
  const file = join(folder, `${name}.pem`);
  if (existsSync(file))
    throw new Error(`${file}: expected no file, found one; keys are not overwritten`);
  writeFileSync(file, key.secret.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
}
