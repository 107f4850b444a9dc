// Which migrations customers have, and what each sends: migrations/released.json, written when a release is
// made. A digest of the statements, not of the sources: comments may be mended, and a change of
// migrations/support.ts that would rewrite history shows.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Dialect, record, type RecordedMigration } from './record.ts';

export interface ReleasedMigration {
  name: string;
  /** The first version that brought it. */
  since: string;
  postgres: string;
  sqlite: string;
}

export const RELEASED_FILE = fileURLToPath(
  new URL('../../migrations/released.json', import.meta.url),
);

export function readReleased(file = RELEASED_FILE): readonly ReleasedMigration[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { migrations: ReleasedMigration[] }).migrations;
}

/** Adds what is new; what is there already must still be the same. */
export async function seal(
  version: string,
  migrations: readonly RecordedMigration[],
  file = RELEASED_FILE,
): Promise<readonly string[]> {
  const known = readReleased(file);
  const broken = await brokenSeals(known, migrations);
  if (broken.length > 0) throw new Error(broken.join('\n'));
  const fresh = migrations.filter(({ name }) => !known.some((each) => each.name === name));
  const sealed = await Promise.all(
    fresh.map(async (each) => ({ name: each.name, since: version, ...(await digests(each)) })),
  );
  writeFileSync(file, `${JSON.stringify({ migrations: [...known, ...sealed] }, null, 2)}\n`);
  return sealed.map(({ name }) => name);
}

/** A sentence for each released migration that is gone, moved or sends something else now. */
export async function brokenSeals(
  released: readonly ReleasedMigration[],
  migrations: readonly RecordedMigration[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [index, { name, since, ...sealed }] of released.entries()) {
    const migration = migrations[index];
    if (migration?.name !== name) {
      found.push(
        `${name} was released with ${since}: expected it at place ${index + 1}, found ${migration?.name ?? 'nothing'}.`,
      );
      continue;
    }
    const now = await digests(migration);
    for (const dialect of ['postgres', 'sqlite'] as const) {
      if (now[dialect] === sealed[dialect]) continue;
      found.push(
        `${name} was released with ${since} and sends something else on ${dialect} now. ` +
          'Take the change back and put it into a new migration.',
      );
    }
  }
  return found;
}

async function digests({ up, config }: RecordedMigration): Promise<Record<Dialect, string>> {
  const of = async (dialect: Dialect): Promise<string> =>
    createHash('sha256')
      .update(JSON.stringify([await record(dialect, up), config?.transaction ?? true]))
      .digest('hex');
  return { postgres: await of('postgres'), sqlite: await of('sqlite') };
}
