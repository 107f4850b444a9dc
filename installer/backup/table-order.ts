// What both databases agree on about a table, so that the same rows come in the same order from either.

import type { TableShape } from './format.ts';

/** Made by the migrations' runner; a backup carries the names of the migrations instead. */
export function isHousekeeping(table: string): boolean {
  return table.startsWith('knex_') || table.startsWith('sqlite_');
}

/** Whose rows these are; the table of organizations names them by their id. */
export function ownerColumn(shape: Pick<TableShape, 'name' | 'columns'>): string | null {
  if (shape.name === 'organization') return 'id';
  return shape.columns.some(({ name }) => name === 'org_id') ? 'org_id' : null;
}

export function shapeOf({
  name,
  columns,
  key,
}: Pick<TableShape, 'name' | 'columns'> & { key: readonly string[] }): TableShape {
  if (key.length === 0) throw new Error(`${name}: expected a primary key, found none.`);
  const owner = ownerColumn({ name, columns });
  return { name, columns, order: [...new Set([...(owner === null ? [] : [owner]), ...key])] };
}

/** Where the name of a root key stands: without that key the row is lost. */
export const KEY_TABLES = [{ table: 'org_key', column: 'root_kid' }] as const;
