// A fresh, migrated database for a test file: a file of its own on SQLite, a clone of a migrated template
// on Postgres. Tests speak as `app` and `engine`; the owner only migrates. Which database it is comes
// from the jest project (`globalThis.SALLYPORT_TEST_DATABASE`), or SQLite when a file is run alone.

import { afterAll, beforeAll } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { MIGRATIONS } from '../../migrations/index.ts';
import {
  createAccess,
  createNode,
  type MadeOrganization,
} from '../../server/domains/access/index.ts';
import { connectDatabases, type DatabaseSettings } from '../../server/platform/database/connect.ts';
import {
  type Databases,
  type StatementHook,
  transaction,
} from '../../server/platform/database/database.ts';
import { migrateUp } from '../../server/platform/database/migrate.ts';
import type { Deps } from '../../server/platform/deps.ts';
import type { Caller } from '../../server/platform/http/route.ts';
import { createIds } from '../../server/shared/ids.ts';
import { createPostgresDatabase } from './postgres-database.ts';
import { createTestWorld, realTimers, type TestWorld, type TestWorldOptions } from './world.ts';

export interface TestDatabaseOptions {
  world?: TestWorldOptions;
  /** Sees and may rewrite every statement. */
  hook?: StatementHook;
  /** SQL in place of the database's clock. */
  nowMs?: string;
  /** `false` leaves the database empty, for tests of the migrations themselves. */
  migrated?: boolean;
}

export interface TestDatabase {
  kind: 'sqlite' | 'postgres';
  settings: DatabaseSettings;
  databases: Databases;
  world: TestWorld;
  deps: Deps;
  /** One more connection set to the same database: another replica. */
  connect(hook?: StatementHook): Databases;
  /** Runs before the database goes away, last registered first: servers, workers, views. */
  onClose(run: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export interface SeededOrganization {
  orgId: string;
  rootNodeId: string;
  siteId: string;
  /** The secret, as a client sends it. */
  apiKey: string;
  caller: Caller;
}

/** The version that seeded keys are pinned to. */
export const TEST_API_VERSION = '2026-11-21';

export async function openTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const kind = testDatabaseKind();
  const migrated = options.migrated ?? true;
  const place =
    kind === 'sqlite' ? await sqlitePlace(migrated) : await createPostgresDatabase(migrated);
  const world = createTestWorld({ clock: 'running', ...options.world });
  const databaseWorld = {
    timers: realTimers(),
    ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }),
  };
  const open: Databases[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  const connect = (hook?: StatementHook): Databases => {
    const made = connectDatabases(place.settings, {
      ...databaseWorld,
      ...(hook === undefined ? {} : { hook }),
    });
    open.push(made);
    return made;
  };
  const databases = connect(options.hook);
  return {
    kind,
    settings: place.settings,
    databases,
    world,
    deps: { databases, world, ids: createIds(world), log: pino({ enabled: false }) },
    connect,
    onClose: (run) => void closers.push(run),
    close: async () => {
      for (const run of closers.toReversed()) await run();
      await Promise.all(open.map((each) => each.close()));
      await place.remove();
    },
  };
}

/** One database for the tests of a file or a `describe`. */
export function useTestDatabase(options: TestDatabaseOptions = {}): {
  database(): TestDatabase;
  databases(): Databases;
  deps(): Deps;
  world(): TestWorld;
  seedOrganization(name?: string): Promise<SeededOrganization>;
} {
  let opened: TestDatabase | null = null;
  const database = (): TestDatabase => {
    if (opened === null) throw new Error('The test database is open only while tests run.');
    return opened;
  };
  beforeAll(async () => {
    opened = await openTestDatabase(options);
  });
  afterAll(async () => {
    await opened?.close();
    opened = null;
  });
  return {
    database,
    databases: () => database().databases,
    deps: () => database().deps,
    world: () => database().world,
    seedOrganization: (name) => seedOrganization(database().deps, name),
  };
}

/** An organization with one site and a key that may do everything. */
export async function seedOrganization(
  deps: Deps,
  name = 'Test organization',
): Promise<SeededOrganization> {
  const access = createAccess(deps, { environment: 'test', apiVersion: TEST_API_VERSION });
  const actor = { kind: 'system', id: 'test' };
  const made: MadeOrganization = await access.createOrganization({ name, actor });
  const orgId = made.organization.id;
  const site = await transaction(deps.databases.org(orgId), (tx) =>
    createNode(deps, tx, { parentId: made.rootNodeId, kind: 'site', name: 'Site', actor }),
  );
  const caller = await access.authenticate(made.secret);
  if (caller === null) throw new Error('The seeded key does not authenticate.');
  return { orgId, rootNodeId: made.rootNodeId, siteId: site.id, apiKey: made.secret, caller };
}

export function testDatabaseKind(): 'sqlite' | 'postgres' {
  const named = (globalThis as Record<string, unknown>)['SALLYPORT_TEST_DATABASE'];
  const kind = named ?? process.env['SALLYPORT_TEST_DATABASE'] ?? 'sqlite';
  if (kind !== 'sqlite' && kind !== 'postgres') {
    throw new Error(
      `Expected SALLYPORT_TEST_DATABASE sqlite or postgres, found ${JSON.stringify(kind)}.`,
    );
  }
  return kind;
}

async function sqlitePlace(
  migrated: boolean,
): Promise<{ settings: DatabaseSettings; remove(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const settings: DatabaseSettings = {
    kind: 'sqlite',
    file: join(folder, 'test.db'),
    synchronous: 'FULL',
    group: { waitMs: 2, callersMax: 50 },
  };
  if (migrated) await migrateUp(settings, MIGRATIONS);
  return { settings, remove: async () => rmSync(folder, { recursive: true, force: true }) };
}
