// A second organization that holds a copy of every row of the first: the same ids wherever ids are unique
// within an organization only. Whatever fails to look at the organization now finds two of everything.

import type { SchemaTable, SchemaView } from '../support/schema.ts';

export interface Neighbour {
  orgId: string;
  /** Rows copied, by table. */
  copied: Readonly<Record<string, number>>;
}

export const NEIGHBOUR_ID = 'org_neighbour';

/** Foreign keys are off from here on: rows are copied in no particular order. */
export async function copyOrganization(
  view: SchemaView,
  { orgId, kind }: { orgId: string; kind: 'sqlite' | 'postgres' },
): Promise<Neighbour> {
  await view.run(
    kind === 'sqlite' ? 'pragma foreign_keys = off' : 'set session_replication_role = replica',
  );
  const copied: Record<string, number> = {};
  for (const table of await view.tables()) {
    const column = ownerColumn(table);
    if (column === null) continue;
    await view.run(copyText(table, { column, orgId }));
    const [count] = await view.run(
      `select count(*) as n from ${table.name} where ${column} = '${NEIGHBOUR_ID}'`,
    );
    copied[table.name] = Number(count?.['n'] ?? 0);
  }
  return { orgId: NEIGHBOUR_ID, copied };
}

export function ownerColumn(table: SchemaTable): string | null {
  if (table.name === 'organization') return 'id';
  return table.columns.some(({ name }) => name === 'org_id') ? 'org_id' : null;
}

const LOG_NUMBERS: ReadonlySet<string> = new Set(['pos', 'lane_id']);

function copyText(
  table: SchemaTable,
  { column, orgId }: { column: string; orgId: string },
): string {
  const alone = new Set(
    table.unique.filter((columns) => columns[0] !== column).flatMap((columns) => columns),
  );
  const pairs = table.columns.map(({ name, kind }) => {
    if (name === column) return [name, `'${NEIGHBOUR_ID}'`];
    // Numbers of log rows, unique in the whole database as are a few random texts: the copy has others.
    if (LOG_NUMBERS.has(name)) return [name, `${name} + 1000000`];
    if (alone.has(name) && kind === 'text') return [name, `${name} || '_b'`];
    // So that a row says whose it is even where the statement does not select that.
    if (name === 'created_at') return [name, `${name} + 1`];
    return [name, name];
  });
  const names = pairs.map(([name]) => name).join(', ');
  const values = pairs.map(([, value]) => value).join(', ');
  return `insert into ${table.name} (${names}) select ${values} from ${table.name} where ${column} = '${orgId}'`;
}
