// Which room writes which table, read from the SQL of the sources: every table of the migrations must have
// exactly one room that writes it. Reading another room's table is allowed and shown.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Source {
  file: string;
  text: string;
}

export interface RoomTables {
  room: string;
  writes: string[];
  readsOfOthers: string[];
}

export function readSources(root: string, pattern: string): Source[] {
  return globSync(pattern, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));
}

export function tablesOf(migrations: readonly Source[]): string[] {
  const found = migrations.flatMap(({ text }) => [
    ...text.matchAll(/createTable\(\s*knex,\s*'([a-z_]+)'/g),
  ]);
  return [...new Set(found.map((match) => match[1] ?? ''))].toSorted();
}

export function roomTables(sources: readonly Source[], tables: readonly string[]): RoomTables[] {
  const names = tables.join('|');
  const writing = new RegExp(`\\b(?:insert into|update|delete from)\\s+(${names})\\b`, 'g');
  const reading = new RegExp(`\\b(?:from|join)\\s+(${names})\\b`, 'g');
  const rooms = new Map<string, { writes: Set<string>; reads: Set<string> }>();
  for (const { file, text } of sources) {
    const room = /^server\/((?:domains|platform)\/[^/]+)\//.exec(file)?.[1] ?? file;
    const of = rooms.get(room) ?? { writes: new Set(), reads: new Set() };
    for (const match of text.matchAll(writing)) of.writes.add(match[1] ?? '');
    for (const match of text.matchAll(reading)) of.reads.add(match[1] ?? '');
    if (of.writes.size + of.reads.size > 0) rooms.set(room, of);
  }
  return [...rooms].toSorted(byName).map(([room, { writes, reads }]) => ({
    room,
    writes: [...writes].toSorted(),
    readsOfOthers: [...reads].filter((table) => !writes.has(table)).toSorted(),
  }));
}

/** Empty when each table has one writer. */
export function ownershipProblems(
  rooms: readonly RoomTables[],
  tables: readonly string[],
): string[] {
  return tables.flatMap((table) => {
    const writers = rooms.filter(({ writes }) => writes.includes(table)).map(({ room }) => room);
    if (writers.length === 1) return [];
    return [`${table}: expected one room that writes it, found ${writers.join(', ') || 'none'}.`];
  });
}

export function tableOfTables(rooms: readonly RoomTables[]): string {
  const list = (names: readonly string[]): string =>
    names.map((name) => `\`${name}\``).join(', ') || '–';
  return [
    '| Room | Tables it writes | Tables of others it reads |',
    '| --- | --- | --- |',
    ...rooms.map(
      ({ room, writes, readsOfOthers }) =>
        `| \`${room}\` | ${list(writes)} | ${list(readsOfOthers)} |`,
    ),
  ].join('\n');
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
