// One forbidden import per dependency rule, planted in a tree of its own, beside imports that look alike and
// are allowed. `importFrom` makes the file; what it imports is made too, so that every import resolves.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DomainTable } from '../../scripts/architecture/domain-table.ts';

export interface PlantedImport {
  rule: string;
  from: string;
  to: string;
}

const PACKAGES = ['koa', '@koa/router', 'knex', 'pg', 'better-sqlite3', 'zod', 'jest'];

export function plantedImports(domains: DomainTable): PlantedImport[] {
  const plant = (rule: string, from: string, to: string): PlantedImport => ({ rule, from, to });
  return [
    plant('shared-imports-nothing', 'server/shared/a.ts', 'zod'),
    plant('shared-imports-nothing', 'server/shared/b.ts', 'node:crypto'),
    plant('shared-imports-nothing', 'server/shared/c.ts', 'server/platform/deps.ts'),
    plant(
      'platform-names-no-business',
      'server/platform/http/a.ts',
      'server/domains/audit/index.ts',
    ),
    plant('platform-names-no-business', 'server/platform/http/b.ts', 'config/load.ts'),
    plant('domains-stay-in-the-house', 'server/domains/audit/a.ts', 'config/load.ts'),
    plant('domains-meet-at-the-door', 'server/domains/kyc/a.ts', 'server/domains/audit/tell.ts'),
    plant('domain-is-listed', 'server/domains/stowaway/a.ts', 'server/shared/money.ts'),
    plant('compose-is-the-top', 'server/platform/http/c.ts', 'server/compose.ts'),
    plant('only-stores-speak-sql', 'server/domains/kyc/b.ts', 'knex'),
    plant('only-stores-speak-sql', 'server/platform/http/d.ts', 'pg'),
    plant('only-stores-speak-sql', 'installer/a.ts', 'better-sqlite3'),
    plant('only-stores-speak-sql', 'server/domains/kyc/c.ts', 'node:sqlite'),
    plant(
      'database-internals-stay-inside',
      'server/domains/kyc/store.ts',
      'server/platform/database/sqlite.ts',
    ),
    plant('only-http-knows-koa', 'server/domains/kyc/routes.ts', 'koa'),
    plant('only-http-knows-koa', 'server/platform/realtime/a.ts', '@koa/router'),
    plant('nothing-imports-test', 'server/domains/kyc/d.ts', 'test/support/world.ts'),
    plant('nothing-imports-test', 'scripts/a.ts', 'test/support/world.ts'),
    plant('migrations-stand-alone', 'migrations/0001-a.ts', 'server/shared/ids.ts'),
    plant('migrations-stand-alone', 'migrations/0002-b.ts', 'migrations/0001-a.ts'),
    plant('migrations-index-lists-migrations', 'migrations/index.ts', 'server/shared/ids.ts'),
    plant('installer-and-scripts-see-no-business', 'installer/b.ts', 'server/domains/kyc/index.ts'),
    plant('installer-and-scripts-see-no-business', 'scripts/b.ts', 'server/platform/http/a.ts'),
    plant('story-stays-outside', 'installer/story/a.ts', 'server/shared/ids.ts'),
    plant('verifier-imports-neither-side', 'scripts/verify-ledger/a.ts', 'server/shared/money.ts'),
    plant('simulators-share-no-code', 'simulators/stripe/a.ts', 'server/shared/money.ts'),
    plant('nothing-imports-simulators', 'server/domains/kyc/e.ts', 'simulators/stripe/main.ts'),
    plant('nothing-imports-simulators', 'scripts/c.ts', 'simulators/stripe/main.ts'),
    plant('twins-share-only-the-frame', 'simulators/stripe/b.ts', 'simulators/veriff/main.ts'),
    plant('no-circular', 'server/platform/metrics/a.ts', 'server/platform/metrics/a.ts'),
    plant('no-orphans', 'server/platform/logging/alone.ts', ''),
    plant('not-to-dev-dependency', 'server/platform/logging/a.ts', 'jest'),
    plant('not-to-unresolvable', 'server/platform/logging/b.ts', './missing.ts'),
    ...Object.keys(domains).flatMap((domain) => {
      const stranger = Object.keys(domains).find(
        (other) => other !== domain && domains[domain]?.includes(other) === false,
      );
      return stranger === undefined
        ? []
        : [
            plant(
              `domain-${domain}-imports-only-its-list`,
              `server/domains/${domain}/stranger.ts`,
              `server/domains/${stranger}/index.ts`,
            ),
          ];
    }),
  ];
}

/** Neighbours of the breaches that must not be reported. */
export const ALLOWED_IMPORTS: Omit<PlantedImport, 'rule'>[] = [
  { from: 'server/main.ts', to: 'server/compose.ts' },
  { from: 'server/platform/http/app.ts', to: 'koa' },
  { from: 'server/platform/outbox/store-messages.ts', to: 'pg' },
  { from: 'server/platform/database/connect.ts', to: 'server/platform/database/sqlite.ts' },
  { from: 'server/domains/kyc/store-sessions.ts', to: 'knex' },
  { from: 'server/domains/kyc/f.ts', to: 'server/domains/audit/index.ts' },
  { from: 'server/domains/kyc/g.ts', to: 'server/domains/kyc/store.ts' },
  { from: 'migrations/0003-c.ts', to: 'migrations/support.ts' },
  { from: 'migrations/support.ts', to: 'knex' },
  { from: 'installer/c.ts', to: 'server/platform/crypto/seal.ts' },
  { from: 'scripts/verify-ledger/b.ts', to: 'better-sqlite3' },
  { from: 'simulators/stripe/c.ts', to: 'simulators/twin/clock.ts' },
  { from: 'simulators/twin/database.ts', to: 'better-sqlite3' },
  { from: 'test/domains/kyc/a.test.ts', to: 'test/support/world.ts' },
  { from: 'test/platform/database/a.test.ts', to: 'server/platform/database/postgres.ts' },
];

/** Writes a tree that holds exactly these imports. */
export function plantTree(root: string, imports: Omit<PlantedImport, 'rule'>[]): void {
  const lines = new Map<string, string[]>();
  const add = (path: string, line: string): void => {
    lines.set(path, [...(lines.get(path) ?? []), line]);
  };
  for (const { from, to } of imports) {
    const ours = to.includes('/') && to.endsWith('.ts') && !to.startsWith('.');
    const up = '../'.repeat(from.split('/').length - 1);
    add(from, to === '' ? 'export {};' : `import '${ours ? `${up || './'}${to}` : to}';`);
    if (ours) add(to, '');
  }
  // Nothing planted is an orphan by accident.
  const every = [...lines.keys()].filter((path) => !path.endsWith('alone.ts'));
  add('test/all.ts', every.map((path) => `import '../${path}';`).join('\n'));
  for (const [path, text] of lines) write(join(root, path), `${text.join('\n')}\n`);
  const dependencies = PACKAGES.filter((name) => name !== 'jest');
  const versions = (names: string[]): object =>
    Object.fromEntries(names.map((name) => [name, '1']));
  write(
    join(root, 'package.json'),
    JSON.stringify({
      type: 'module',
      dependencies: versions(dependencies),
      devDependencies: versions(['jest']),
    }),
  );
  for (const name of PACKAGES) {
    const folder = join(root, 'node_modules', name);
    write(
      join(folder, 'package.json'),
      JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
    );
    write(join(folder, 'index.js'), '');
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
