// The three files of the keys Secret, made by the same code that reads them: root keys, the gateway's
// authority, the first API key. Nothing is kept on disk.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyEnvironment, makeKeyText } from '../domains/access/index.ts';
import { openGatewayIdentity } from '../platform/crypto/appliance-authority.ts';
import { openKekFile } from '../platform/crypto/kek-file.ts';
import type { World } from '../shared/world.ts';

export const KEY_FILES = ['keys.json', 'authority.pem', 'bootstrap-api-key'] as const;
export type KeyFiles = Readonly<Record<(typeof KEY_FILES)[number], string>>;

export function makeKeyFiles(
  world: Pick<World, 'clock' | 'random'>,
  environment: KeyEnvironment,
): KeyFiles {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
  try {
    openKekFile(join(folder, 'keys.json'), world);
    openGatewayIdentity(world, { folder, publicNames: ['localhost'] });
    return {
      'keys.json': readFileSync(join(folder, 'keys.json'), 'utf8'),
      'authority.pem': readFileSync(join(folder, 'authority.pem'), 'utf8'),
      'bootstrap-api-key': makeKeyText(environment, world.random).secret,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
