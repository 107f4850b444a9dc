// The first start, also of several replicas at once: one organization, whose key is the one that was given.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig } from '../../config/load.ts';
import { accessSettings, bootstrap } from '../../server/bootstrap.ts';
import {
  type Access,
  createAccess,
  listOrganizationIds,
  makeKeyText,
} from '../../server/domains/access/index.ts';
import { transaction } from '../../server/platform/database/database.ts';
import type { Deps } from '../../server/platform/deps.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let folder: string;
let keyFile: string;
let config: Config;

beforeEach(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'sallyport-bootstrap-'));
  keyFile = join(folder, 'bootstrap-api-key');
  config = loadConfig({
    env: {},
    profile: 'evaluation',
    overrides: { 'bootstrap.organization': 'Example', 'bootstrap.api_key_file': keyFile },
  });
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the first start', () => {
  test('makes the organization, with the key that was given', async () => {
    const key = givenKey();
    const { deps, access } = replica();
    await bootstrap(deps, config, access);
    expect(await organizations()).toHaveLength(1);
    expect(await access.authenticate(key)).toMatchObject({ orgId: (await organizations())[0] });
  });

  test('writes a key where none was given, and a start after it leaves both alone', async () => {
    const { deps, access } = replica();
    await bootstrap(deps, config, access);
    const key = readFileSync(keyFile, 'utf8');
    expect(await access.authenticate(key.trim())).not.toBeNull();
    await bootstrap(deps, config, access);
    expect(readFileSync(keyFile, 'utf8')).toBe(key);
    expect(await organizations()).toHaveLength(1);
  });
});

describe('two replicas that start at once', () => {
  test('both go on with one organization, its key and one account per provider', async () => {
    const key = givenKey();
    config = { ...config, providers: withBothProviders(config) };
    // Both have looked and found nothing before either makes anything: the race is lost every time.
    const bothLooked = meetingOf(2);
    const replicas = [replica(bothLooked), replica(bothLooked)];
    await Promise.all(replicas.map(({ deps, access }) => bootstrap(deps, config, access)));
    const [orgId = '', ...more] = await organizations();
    expect(more).toEqual([]);
    for (const { access } of replicas) {
      expect(await access.authenticate(key)).toMatchObject({ orgId });
    }
    const accounts = await database.databases
      .org(orgId)
      .query('select provider from provider_account where org_id = $1 order by provider', [orgId]);
    expect(accounts.map((row) => row['provider'])).toEqual(['stripe', 'veriff']);
  });
});

describe('a first start that fails', () => {
  test('for another reason than a faster replica says so, and makes nothing', async () => {
    writeFileSync(keyFile, 'not-a-key\n');
    const { deps, access } = replica();
    await expect(bootstrap(deps, config, access)).rejects.toThrow('Expected an API key');
    expect(await organizations()).toEqual([]);
    expect(existsSync(`${keyFile}.new`)).toBe(false);
  });

  test('on a uniqueness that no organization explains says so too', async () => {
    givenKey();
    const { deps, access } = replica();
    const violation = await uniqueViolation();
    const broken = { ...access, createOrganization: () => Promise.reject(violation) };
    await expect(bootstrap(deps, config, broken)).rejects.toBe(violation);
  });
});

/** One more connection set to the same database; `beforeMaking` holds it once it has looked. */
function replica(beforeMaking: () => Promise<void> = async () => undefined): {
  deps: Deps;
  access: Access;
} {
  const deps = { ...database.deps, databases: database.connect() };
  const access = createAccess(deps, accessSettings(config));
  const createOrganization: Access['createOrganization'] = async (wanted) => {
    await beforeMaking();
    return access.createOrganization(wanted);
  };
  return { deps, access: { ...access, createOrganization } };
}

/** Nobody goes on before all are there. */
function meetingOf(count: number): () => Promise<void> {
  const all = Promise.withResolvers<void>();
  let there = 0;
  return () => {
    there += 1;
    if (there === count) all.resolve();
    return all.promise;
  };
}

function givenKey(): string {
  const { secret } = makeKeyText('test', database.world.random);
  writeFileSync(keyFile, `${secret}\n`);
  return secret;
}

function withBothProviders({ providers }: Config): Config['providers'] {
  const { stripe, veriff } = providers;
  return {
    ...providers,
    stripe: { ...stripe, enabled: true },
    veriff: { ...veriff, enabled: true },
  };
}

function organizations(): Promise<readonly string[]> {
  return listOrganizationIds(database.databases.engine);
}

/** What this database really says to a second row with the same key. */
async function uniqueViolation(): Promise<unknown> {
  const other = await openTestDatabase();
  try {
    const insert = `insert into organization (id, name, status, created_at, version)
      values ($1, 'Twice', 'active', 0, 1)`;
    return await transaction(other.databases.org('org_twice'), async (tx) => {
      await tx.execute(insert, [tx.org]);
      await tx.execute(insert, [tx.org]);
    }).then(
      () => Promise.reject(new Error('the second row was taken')),
      (error: unknown) => error,
    );
  } finally {
    await other.close();
  }
}
