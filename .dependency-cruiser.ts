// The dependency rules of docs/architecture.md, for `npm run check` and test/architecture. Which domain
// may import which is read from the table on that page, so page and rule cannot differ.

import type { IConfiguration, IForbiddenRuleType } from 'dependency-cruiser';
import { readDomainTable } from './scripts/architecture/domain-table.ts';

const domains = readDomainTable();
const names = Object.keys(domains).join('|');
const OURS = '^(config|console|installer|migrations|scripts|server|simulators|test|bench)/';
const DRIVERS = '^node_modules/(knex|pg|pg-[^/]+|better-sqlite3)/|^(node:)?sqlite$';

type NamedRule = IForbiddenRuleType & { name: string };

/** What our rules ask of either end of an import. */
interface End {
  path?: string;
  pathNot?: string | string[];
  orphan?: boolean;
  circular?: boolean;
  couldNotResolve?: boolean;
  dependencyTypes?: string[];
}

function rule(name: string, comment: string, from: End, to: End): NamedRule {
  return { name, comment, severity: 'error', from, to } as NamedRule;
}

/** One rule per domain: the doors it may knock at. */
const domainRules = Object.entries(domains).map(([domain, mayImport]) =>
  rule(
    `domain-${domain}-imports-only-its-list`,
    `docs/architecture.md lets ${domain} import: ${mayImport.join(', ') || 'no other domain'}.`,
    { path: `^server/domains/${domain}/` },
    { path: '^server/domains/', pathNot: `^server/domains/(${[domain, ...mayImport].join('|')})/` },
  ),
);

const forbidden: NamedRule[] = [
  rule(
    'shared-imports-nothing',
    'server/shared holds pure words: no package, no Node module, nothing of ours.',
    { path: '^server/shared/' },
    { pathNot: '^server/shared/' },
  ),
  rule(
    'platform-names-no-business',
    'server/platform imports server/shared and packages only.',
    { path: '^server/platform/' },
    { path: OURS, pathNot: '^server/(platform|shared)/' },
  ),
  rule(
    'domains-stay-in-the-house',
    'A domain imports shared, platform and other domains; what it needs from config is handed in.',
    { path: '^server/domains/' },
    { path: OURS, pathNot: '^server/(domains|platform|shared)/' },
  ),
  rule(
    'domains-meet-at-the-door',
    'Another domain is reached through its index.ts only.',
    { path: '^server/domains/([^/]+)/' },
    { path: '^server/domains/[^/]+/', pathNot: '^server/domains/($1/|[^/]+/index\\.ts$)' },
  ),
  rule(
    'domain-is-listed',
    'Every domain has its row in the table of docs/architecture.md.',
    { path: '^server/domains/', pathNot: `^server/domains/(${names})/` },
    {},
  ),
  ...domainRules,
  rule(
    'compose-is-the-top',
    'Only entry points import compose.ts and what runs a role.',
    { pathNot: '^(server/[^/]+\\.ts$|test/|bench/)' },
    { path: '^server/[^/]+\\.ts$' },
  ),
  rule(
    'only-stores-speak-sql',
    'Database drivers are for platform/database, outbox, inbox and store files.',
    {
      path: '^(server|installer|config)/',
      pathNot: '^server/platform/(database|outbox|inbox)/|^(server|installer)/.+/store[^/]*\\.ts$',
    },
    { path: DRIVERS },
  ),
  rule(
    'database-internals-stay-inside',
    'The two drivers and group commit are seen by platform/database alone.',
    { path: OURS, pathNot: '^(server/platform/database/|test/|bench/)' },
    { path: '^server/platform/database/(sqlite|postgres|group-commit)\\.ts$' },
  ),
  rule(
    'only-http-knows-koa',
    'Koa is a detail of server/platform/http.',
    { path: OURS, pathNot: '^(server/platform/http/|test/|bench/)' },
    { path: '^node_modules/(koa|koa-[^/]+|@koa|@types/koa)(/|$)' },
  ),
  rule(
    'nothing-imports-test',
    'Product code never leans on test code.',
    { pathNot: '^(test|bench)/' },
    { path: '^test/' },
  ),
  rule(
    'migrations-stand-alone',
    'A migration imports migrations/support.ts only: history must not move when code moves.',
    { path: '^migrations/', pathNot: '^migrations/index\\.ts$' },
    { path: OURS, pathNot: '^migrations/support\\.ts$' },
  ),
  rule(
    'migrations-index-lists-migrations',
    'The list of migrations imports migrations only.',
    { path: '^migrations/index\\.ts$' },
    { path: OURS, pathNot: '^migrations/' },
  ),
  rule(
    'installer-and-scripts-see-no-business',
    'They import config, migrations, shared and platform/{crypto,outside,database}.',
    { path: '^(installer|scripts)/' },
    {
      path: OURS,
      pathNot:
        '^(config|installer|migrations|scripts)/|^server/(shared/|platform/(crypto|outside|database)/)',
    },
  ),
  rule(
    'story-stays-outside',
    'The story drives the product by REST, device protocol and provider pages only.',
    { path: '^installer/story/' },
    { path: '^(server|simulators|migrations|scripts)/' },
  ),
  rule(
    'verifier-imports-neither-side',
    'The verifier joins both books without the code that wrote them.',
    { path: '^scripts/verify-ledger/' },
    { path: OURS, pathNot: '^scripts/verify-ledger/' },
  ),
  rule(
    'simulators-share-no-code',
    'The world outside is written from its specification.',
    { path: '^simulators/' },
    { path: OURS, pathNot: '^(simulators/|config/require-node\\.ts$|config/node-version\\.js$)' },
  ),
  rule(
    'nothing-imports-simulators',
    'Twins and terminals are reached over the network.',
    { pathNot: '^(simulators|test|bench)/' },
    { path: '^simulators/' },
  ),
  rule(
    'twins-share-only-the-frame',
    'A provider twin knows no other twin; what they share is simulators/twin.',
    { path: '^simulators/([^/]+)/' },
    { path: '^simulators/[^/]+/', pathNot: '^simulators/($1|twin)/' },
  ),
  rule('no-circular', 'No cycles, type-only ones included.', {}, { circular: true }),
  rule(
    'no-orphans',
    'A file nobody imports is an entry point or waste.',
    {
      orphan: true,
      pathNot: ['\\.d\\.ts$', '^(test|bench|scripts)/', '/main\\.ts$'],
    },
    {},
  ),
  rule(
    'not-to-dev-dependency',
    'What ships must not need a development package.',
    { path: '^(server|config|installer|migrations|simulators)/' },
    { dependencyTypes: ['npm-dev'], pathNot: '^node_modules/@types/' },
  ),
  rule('not-to-unresolvable', 'Every import resolves.', {}, { couldNotResolve: true }),
];

const configuration: IConfiguration & { forbidden: NamedRule[] } = {
  forbidden,
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(coverage|data|tmp)/' },
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

export default configuration;
