// The first start: an organization with its API key, and an account per provider that is configured. Safe
// to run at every start: what is there is left alone. The key's file is written before anybody relies on
// it; when a crash came between, a new key is made, because the old one was never seen. Replicas that start
// at once hold the same key, which is unique: one makes the organization and the others find it made.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Config } from '../config/load.ts';
import { type Access, findRoot, listOrganizationIds } from './domains/access/index.ts';
import { transaction } from './platform/database/database.ts';
import type { Deps } from './platform/deps.ts';
import { ensureProviderAccount } from './platform/inbox/index.ts';
import { newestVersion } from './platform/http/index.ts';

const ACTOR = { kind: 'system', id: 'bootstrap' };

export async function bootstrap(deps: Deps, config: Config, access: Access): Promise<void> {
  await ensureOrganization(deps, config, access);
  for (const orgId of await listOrganizationIds(deps.databases.engine)) {
    await transaction(deps.databases.org(orgId), async (tx) => {
      for (const provider of ['stripe', 'veriff'] as const) {
        if (config.providers[provider].enabled) await ensureProviderAccount(tx, deps, provider);
      }
    });
  }
}

async function ensureOrganization(deps: Deps, config: Config, access: Access): Promise<void> {
  const { organization, api_key_file: file } = config.bootstrap;
  if (organization === null) return;
  const [existing] = await listOrganizationIds(deps.databases.engine);
  const given = existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  if (existing !== undefined && given !== null) return;
  if (existing === undefined) {
    const secret = given === null ? {} : { secret: given };
    const made = await unlessMadeMeanwhile(deps, () =>
      access.createOrganization({ name: organization, actor: ACTOR, ...secret }),
    );
    if (made === null) return;
    if (given === null) writeKey(file, made.secret);
    deps.log.info({ org: made.organization.id }, 'the first organization was created');
    return;
  }
  const made = await transaction(deps.databases.org(existing), async (tx) =>
    access.createApiKey(tx, {
      name: 'First key, made again',
      nodeId: (await findRoot(tx)).id,
      scopes: ['*'],
      expiresAt: null,
      actor: ACTOR,
    }),
  );
  writeKey(file, made.secret);
  deps.log.warn({ file }, 'the file of the first API key was missing; a new key was made');
}

/** Null when another replica was faster: its key is ours, so the database refused ours as not unique. */
async function unlessMadeMeanwhile<T>(deps: Deps, make: () => Promise<T>): Promise<T | null> {
  try {
    return await make();
  } catch (error) {
    const { dialect, engine } = deps.databases;
    if (!dialect.isUniqueViolation(error)) throw error;
    const [org] = await listOrganizationIds(engine);
    if (org === undefined) throw error;
    deps.log.info({ org }, 'another replica created the first organization');
    return null;
  }
}

/** Beside, then renamed: a reader sees the whole key or no file. */
function writeKey(file: string, secret: string): void {
  writeFileSync(`${file}.new`, `${secret}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** What new keys are pinned to, and whether they say `live` or `test`. */
export function accessSettings(config: Config): {
  environment: 'live' | 'test';
  apiVersion: string;
} {
  const rehearsal = config.profile === 'evaluation' || config.profile === 'drill';
  return { environment: rehearsal ? 'test' : 'live', apiVersion: newestVersion() };
}
