// Where each file of a backup goes in the box that is restored. Keys and the authority are the box's
// identity and must not be there yet. Secrets and configuration of the new box are the operator's word: what is
// there stays, and the backup's configuration is laid beside it to be compared.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupFile, FilePart } from './format.ts';
import type { Box } from './places.ts';

export interface Placed {
  file: BackupFile;
  path: string;
}

const IDENTITY: ReadonlySet<FilePart> = new Set(['keys', 'authority']);

/** Files without a place here (a certificate the new configuration does not name) are left out. */
export function placeFiles(box: Box, files: readonly BackupFile[]): Placed[] {
  return files.flatMap((file) => {
    const path = pathOf(box, file);
    return path === null ? [] : [{ file, path }];
  });
}

/** In the way of a restore. */
export function identityFound(box: Box): string[] {
  return box.places
    .filter(({ part, path }) => IDENTITY.has(part) && existsSync(path))
    .map(
      ({ part, path }) =>
        `${path}: ${part === 'keys' ? 'root keys' : 'the appliance’s own authority'}`,
    );
}

function pathOf({ config, home }: Box, { part, name }: BackupFile): string | null {
  const aside = join(home ?? config.data_dir, home === null ? 'from-backup' : 'config/from-backup');
  switch (part) {
    case 'keys':
      return config.keys.file.path;
    case 'authority':
      return join(config.data_dir, 'gateway', name);
    case 'api_key':
      return config.bootstrap.api_key_file;
    case 'tls':
      return name === 'key.pem' ? config.gateway.tls.key_file : config.gateway.tls.cert_file;
    case 'secrets':
      return home === null ? join(aside, 'secrets', name) : join(home, 'secrets', name);
    case 'config':
      if (name.startsWith('from-backup/')) return null;
      // Releases are trusted by this from their first day on; without it the box would trust whoever comes.
      if (home !== null && name.startsWith('trust/')) return join(home, 'config', name);
      return join(aside, name);
  }
}
