// `sallyport restore`: a backup into an empty box. The server is started afterwards, by `sallyport apply`
// or by hand.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Credential, readIdentities, readPassphrase } from '../backup/envelope.ts';
import { extractFiles } from '../backup/extract-files.ts';
import { narrator } from '../backup/narrate.ts';
import { type Box, locateBox } from '../backup/places.ts';
import { restore } from '../backup/restore.ts';
import { type Lock, takeLock } from '../engine/lock.ts';
import { ExitError } from '../exit-codes.ts';
import { realHost } from '../host/real-host.ts';

interface RestoreOptions {
  in: string;
  identity?: string;
  passphraseFile?: string;
  file?: string;
  config: string[];
  json: boolean;
  extract?: string;
  dryRun: boolean;
}

export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('Restore a backup into an empty box. After a kill: run it again.')
    .requiredOption('--in <file>', 'the backup')
    .option('--identity <file>', 'the secret half of a recipient, as keygen wrote it')
    .option('--passphrase-file <file>', 'or the passphrase')
    .option('--file <appliance.yaml>', 'the box')
    .option('--config <file>', 'or the server’s own configuration; may be given again', collect, [])
    .option('--json', 'one JSON object per event', false)
    .option('--extract <folder>', 'only lay the files of the backup into this new folder')
    .option('--dry-run', 'prove the backup and look at the box, and change nothing', false)
    .action(runRestore);
}

async function runRestore(options: RestoreOptions): Promise<void> {
  const credential = credentialOf(options);
  if (options.extract !== undefined) {
    const names = await extractFiles({ file: options.in, credential }, options.extract);
    for (const name of names) process.stdout.write(`${name}\n`);
    return;
  }
  const { file, config: configFiles, dryRun } = options;
  const box = locateBox({ ...(file === undefined ? {} : { applianceFile: file }), configFiles });
  const tell = narrator({ json: options.json, toStderr: false });
  const source = { file: options.in, credential };
  const lock = dryRun ? null : await lockBox(box);
  try {
    const { header, rows, doubted, kept } = await restore({
      source,
      box,
      dryRun,
      now: new Date(),
      tell,
    });
    const { id, created_at } = header;
    tell({ event: dryRun ? 'would' : 'done', id, created_at, rows, doubted, kept: kept.length });
  } finally {
    await lock?.release();
  }
}

/** The same lock as `apply` takes, where there is an installation. */
async function lockBox({ home, config }: Box): Promise<Lock> {
  const folder = home === null ? config.data_dir : join(home, 'state');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return takeLock(realHost(), join(folder, 'lock'));
}

function credentialOf({ identity, passphraseFile }: RestoreOptions): Credential {
  if (identity !== undefined && passphraseFile === undefined) return readIdentities(identity);
  if (identity === undefined && passphraseFile !== undefined) return readPassphrase(passphraseFile);
  throw new ExitError(
    'badInput',
    `Expected --identity or --passphrase-file, found ${identity === undefined ? 'neither' : 'both'}.`,
  );
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
