// Refuses to serve on a database that would forget what it has acknowledged, or on a role that would
// see through the second wall. Asks the live connections and believes no setting.

import type { Databases } from './database.ts';

/** What each fact must be; a fact that a database does not report is not asked for. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  // SQLite
  journal_mode: ['wal'],
  synchronous: ['FULL', 'EXTRA'],
  foreign_keys: ['1'],
  // Postgres
  synchronous_commit: ['on', 'remote_apply'],
  fsync: ['on'],
  full_page_writes: ['on'],
  bypasses_row_security: ['false'],
};

/** The least that must be reported, or nothing has been checked. */
const REQUIRED: readonly (readonly string[])[] = [
  ['journal_mode', 'synchronous'],
  ['synchronous_commit', 'fsync', 'full_page_writes', 'bypasses_row_security'],
];

export class NotDurableError extends Error {
  constructor(problems: readonly string[]) {
    super(
      `The database does not keep its promises:\n${problems.map((text) => `  ${text}`).join('\n')}`,
    );
    this.name = 'NotDurableError';
  }
}

export async function assertDurable(databases: Databases): Promise<void> {
  const connections = await databases.durability();
  const problems = connections.flatMap((facts, index) => problemsOf(facts, index));
  if (connections.length === 0) problems.push('no connection reported its settings');
  if (problems.length > 0) throw new NotDurableError(problems);
}

function problemsOf(facts: Readonly<Record<string, string>>, index: number): string[] {
  const who = facts['role'] ?? `connection ${index + 1}`;
  const complete = REQUIRED.some((names) => names.every((name) => facts[name] !== undefined));
  const missing = complete
    ? []
    : [
        `${who}: expected its durability settings, found ${Object.keys(facts).join(', ') || 'none'}`,
      ];
  const wrong = Object.entries(WANTED).flatMap(([name, allowed]) => {
    const found = facts[name];
    return found === undefined || allowed.includes(found)
      ? []
      : [`${who}: expected ${name} ${allowed.join(' or ')}, found ${found}`];
  });
  return [...missing, ...wrong];
}
