// A box made of nothing but a folder and a configuration for a given database, keys for backups, and tables
// filled with what is hardest to carry.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { stringify } from 'yaml';
import { databaseOf } from '../../../installer/backup/database-of.ts';
import { seal } from '../../../installer/backup/envelope.ts';
import type { BackupEnd, BackupHeader } from '../../../installer/backup/format.ts';
import { type Box, locateBox } from '../../../installer/backup/places.ts';
import type { BackupSource } from '../../../installer/backup/read-backup.ts';
import { saveBackup } from '../../../installer/backup/save-backup.ts';
import { openBackup } from '../../../installer/backup/write-backup.ts';
import type { DatabaseSettings } from '../../../server/platform/database/connect.ts';
import type { SchemaTable, SchemaView } from '../../support/schema.ts';

export interface TestBox {
  folder: string;
  configFile: string;
  box: Box;
}

export function makeBox(database?: DatabaseSettings): TestBox {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-box-'));
  const configFile = join(folder, 'server.yaml');
  const written = {
    profile: 'evaluation',
    data_dir: join(folder, 'data'),
    ...(database === undefined ? {} : { database: databaseYaml(database) }),
  };
  writeFileSync(configFile, stringify(written), { mode: 0o600 });
  return { folder, configFile, box: locateBox({ configFiles: [configFile] }) };
}

function databaseYaml(settings: DatabaseSettings): object {
  if (settings.kind === 'sqlite') return { kind: 'sqlite', sqlite: { file: settings.file } };
  const { host, port, database, owner, app, engine } = settings;
  return {
    kind: 'postgres',
    postgres: {
      host,
      port,
      name: database,
      owner_password: owner.password,
      app_password: app.password,
      engine_password: engine.password,
      tls: { mode: 'disable' },
    },
  };
}

/** As `sallyport-keys/1` wants it: the kids that the filled rows name. */
export function writeKeys({ box }: TestBox, kids: readonly string[]): void {
  const secret = Buffer.alloc(32, 7).toString('base64');
  const keys = kids.map((kid) => ({ kid, created_at: '2026-11-21T00:00:00.000Z', secret }));
  writeFileSync(box.config.keys.file.path, JSON.stringify({ format: 'sallyport-keys/1', keys }), {
    mode: 0o600,
  });
}

export interface KeyPair {
  identity: string;
  recipient: string;
}

export async function makeKeyPair(): Promise<KeyPair> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

export interface Taken {
  source: BackupSource;
  header: BackupHeader;
  end: BackupEnd;
}

let count = 0;

export async function takeBackup({ box, folder }: TestBox, keys: KeyPair): Promise<Taken> {
  count += 1;
  const file = join(folder, `backup-${count}.age`);
  const backup = await openBackup({
    settings: databaseOf(box.config),
    places: box.places,
    keyProvider: 'file',
    now: new Date(),
    tell: () => undefined,
  });
  try {
    await saveBackup(await seal(backup.stream, { recipients: [keys.recipient] }), file);
  } finally {
    await backup.close();
  }
  const source = { file, credential: { identities: [keys.identity] } };
  return { source, header: backup.header, end: backup.end() };
}

export const HARD = {
  text: 'a "quote" \\ back\nslash\r\ttab é 😀 \u2028 \u{10FFFF} [1,{"b":"x"}]',
  integer: 9_223_372_036_854_775_807n,
  bytes: Buffer.from(Array.from({ length: 256 }, (_byte, at) => at)),
} as const;

/** Numbers the database draws; on SQLite no index shows that they are keys. */
const DRAWN = ['pos', 'lane_id', 'shard'];

/** Three rows in every table; the second has the hardest value in each column that may have one. */
export async function fillEveryTable(
  view: SchemaView,
  database: 'sqlite' | 'postgres',
): Promise<void> {
  const tables = await view.tables();
  for (const at of [1, 2, 3]) await fillOnce(view, tables, at);
  for (const table of tables) {
    const fixed = new Set([...table.unique.flat(), ...DRAWN]);
    const [first] = table.unique.toSorted((a, b) => a.length - b.length);
    const where = (first ?? [table.columns[0]?.name ?? '']).map((name) => {
      const kind = table.columns.find((column) => column.name === name)?.kind;
      return `${name} = ${kind === 'integer' ? '2' : "'x2'"}`;
    });
    for (const { name, kind } of table.columns) {
      if (fixed.has(name) || name === 'root_kid') continue;
      const hard = kind === 'bytes' ? bytesLiteral(HARD.bytes, database) : literal(HARD[kind]);
      await view
        .run(`update ${table.name} set ${name} = ${hard} where ${where.join(' and ')}`)
        .catch(refuseAllBut(/foreign key|out of range/i));
    }
  }
}

async function fillOnce(
  view: SchemaView,
  tables: readonly SchemaTable[],
  at: number,
): Promise<void> {
  let waiting = [...tables];
  while (waiting.length > 0) {
    const refused: SchemaTable[] = [];
    for (const table of waiting) {
      const values = { text: `x${at}`, integer: at, bytes: Buffer.from(`x${at}`) };
      const row = Object.fromEntries(table.columns.map(({ name, kind }) => [name, values[kind]]));
      await view.insert(table.name, row).catch((error: Error) => {
        if (!/foreign key/i.test(error.message)) throw error;
        refused.push(table);
      });
    }
    if (refused.length === waiting.length)
      throw new Error(`No order fills ${refused.map(({ name }) => name).join(', ')}.`);
    waiting = refused;
  }
}

function refuseAllBut(allowed: RegExp): (error: Error) => void {
  return (error) => {
    if (!allowed.test(error.message)) throw error;
  };
}

function literal(value: string | bigint): string {
  return typeof value === 'bigint' ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

function bytesLiteral(bytes: Buffer, database: 'sqlite' | 'postgres'): string {
  const hex = bytes.toString('hex');
  return database === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'::bytea`;
}
