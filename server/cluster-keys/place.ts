// Copies the mounted keys to where the server reads them, as files of its own user alone (0600): a mounted
// Secret belongs to root and is opened to the pod's group, which the server rightly refuses.

import { chmodSync, copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KEY_FILES } from './key-files.ts';

export interface KeyFolders {
  /** Where the Secret is mounted. */
  from: string;
  /** Of root keys and first API key. */
  keys: string;
  /** Of the gateway's authority. */
  gateway: string;
}

/** @throws before anything is copied, when a file is missing. */
export function placeKeys({ from, keys, gateway }: KeyFolders): void {
  const missing = KEY_FILES.filter(
    (name) => statSync(join(from, name), { throwIfNoEntry: false }) === undefined,
  );
  if (missing.length > 0) {
    throw new Error(
      `The keys Secret: expected the keys ${KEY_FILES.join(', ')}, found none called ${missing.join(', ')}.`,
    );
  }
  for (const name of KEY_FILES) {
    const to = join(name === 'authority.pem' ? gateway : keys, name);
    copyFileSync(join(from, name), to);
    chmodSync(to, 0o600);
  }
}
