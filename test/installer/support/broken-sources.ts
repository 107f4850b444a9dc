// What is wrong with a broken release, as changes of its sources: by kind, each file with its change. Every
// kind is refused at another moment.

type Change = (text: string) => string;

const replaced =
  (found: string | RegExp, by: string): Change =>
  (text) => {
    const changed = text.replace(found, by);
    if (changed === text) throw new Error(`expected ${String(found)} in the sources, found none`);
    return changed;
  };

const BROKEN_MIGRATION = `$1{
  name: '9999-broken',
  up: async (k: { schema: { raw(sql: string): Promise<void> } }) => {
    await k.schema.raw('create table half_made (id text)');
    throw new Error('a migration that fails');
  },
  down: async () => undefined,
} as never,`;

export const BROKEN_SOURCES: Readonly<Record<string, Readonly<Record<string, Change>>>> = {
  'does not start': {
    'server/main.ts': replaced(
      'requireNode();',
      `requireNode();
if (!process.argv.some((word) => ['check', 'migrate'].includes(word))) process.exit(3);`,
    ),
  },
  'starts and is never ready': {
    'server/domains/appliance/health.ts': replaced(
      'jsonAnswer(ready ? 200 : 503',
      'jsonAnswer(ready ? 500 : 503',
    ),
  },
  'has a migration that fails': {
    'migrations/index.ts': replaced(/(export const MIGRATIONS[^=]*= \[)/, BROKEN_MIGRATION),
  },
};
