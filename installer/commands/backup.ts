// `sallyport backup`: an encrypted stream of database, keys and configuration, while the box serves.
// `sallyport backup keygen`: makes the key pair that reads it again.

import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Command } from 'commander';
import { databaseOf } from '../backup/database-of.ts';
import { type Readers, readPassphrase, seal } from '../backup/envelope.ts';
import { narrator } from '../backup/narrate.ts';
import { locateBox } from '../backup/places.ts';
import { noteBackup, refuseExisting, saveBackup, STANDARD_OUTPUT } from '../backup/save-backup.ts';
import { openBackup } from '../backup/write-backup.ts';
import { ExitError } from '../exit-codes.ts';

interface BackupOptions {
  file?: string;
  config: string[];
  out?: string;
  recipient: string[];
  passphraseFile?: string;
  json: boolean;
  dryRun: boolean;
}

export function addBackupCommand(program: Command): void {
  const backup = program
    .command('backup')
    .description('Write an encrypted backup of database, keys and configuration, while serving.')
    .option('--file <appliance.yaml>', 'the box')
    .option('--config <file>', 'or the server’s own configuration; may be given again', collect, [])
    .option('--out <file>', 'where to; - is standard output')
    .option('--recipient <age1…>', 'who can read it; may be given again', collect, [])
    .option('--passphrase-file <file>', 'or whoever knows this passphrase')
    .option('--json', 'one JSON object per event', false)
    .option('--dry-run', 'say what it would hold, and write nothing', false)
    .action(runBackup);
  backup
    .command('keygen')
    .description('Make a key pair for backups. Keep the file away from the box.')
    .requiredOption('--identity <file>', 'where the secret half goes, as a new file')
    .action(makeKeys);
}

async function runBackup(options: BackupOptions): Promise<void> {
  const readers = options.dryRun ? null : readersOf(options);
  const out = options.out ?? '';
  if (out === '' && readers !== null)
    throw new ExitError('badInput', '--out: expected a new file or -, found none.');
  refuseExisting(out);
  const { file, config: configFiles } = options;
  const box = locateBox({ ...(file === undefined ? {} : { applianceFile: file }), configFiles });
  const tell = narrator({ json: options.json, toStderr: out === STANDARD_OUTPUT });
  const backup = await openBackup({
    settings: databaseOf(box.config),
    places: box.places,
    keyProvider: box.config.keys.provider,
    now: new Date(),
    tell,
  });
  if (readers === null) {
    for (const { part, name, body } of backup.files)
      tell({ event: 'file', part, name, bytes: body.length });
    await backup.close();
    tell({ event: 'would', ...backup.header });
    return;
  }
  try {
    await saveBackup(await seal(backup.stream, readers), out);
  } finally {
    await backup.close();
  }
  const { id } = backup.header;
  if (box.home !== null) noteBackup(box.home, { finished_at: new Date().toISOString(), id, out });
  const { tables, files, sha256 } = backup.end();
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
  tell({ event: 'done', id, out, rows, files, sha256 });
}

function readersOf({ recipient, passphraseFile }: BackupOptions): Readers {
  if (recipient.length > 0 === (passphraseFile !== undefined)) {
    throw new ExitError(
      'badInput',
      `Expected --recipient or --passphrase-file, found ${passphraseFile === undefined ? 'neither' : 'both'}. \`sallyport backup keygen\` makes a recipient.`,
    );
  }
  return passphraseFile === undefined ? { recipients: recipient } : readPassphrase(passphraseFile);
}

async function makeKeys({ identity: out }: { identity: string }): Promise<void> {
  const secret = await generateX25519Identity();
  const recipient = await identityToRecipient(secret);
  let handle: number;
  try {
    handle = openSync(out, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ExitError('badInput', `--identity: expected a new file, found ${code} at ${out}.`);
  }
  writeSync(handle, `# public key: ${recipient}\n${secret}\n`);
  fsyncSync(handle);
  closeSync(handle);
  process.stdout.write(`${recipient}\n`);
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
