// All SQL over the event table. Rows are appended; nothing here changes or removes one.

import type { Page } from '../../shared/page.ts';
import { toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import type { OrgQueryable, Queryable, Tx } from '../../platform/database/database.ts';
import type { Dialect } from '../../platform/database/dialect.ts';
import type { Scope } from '../../platform/http/route.ts';
import type { Actor, Event, NewEvent } from './event.ts';

const INSERT_EVENT = `insert into event (org_id, id, type, subject_kind, subject_id, node_id, actor, data,
    trace_id, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;

export function insertEvent(tx: Tx, event: NewEvent & { id: string; createdAt: Instant }): void {
  const { subject, nodeId = null, traceId = null } = event;
  tx.send(INSERT_EVENT, [
    tx.org,
    event.id,
    event.type,
    subject.kind,
    subject.id,
    nodeId,
    JSON.stringify(event.actor),
    JSON.stringify(event.data),
    traceId,
    event.createdAt,
  ]);
}

/** Many in one statement, numbered in the order given. */
export function insertEvents(
  tx: Tx,
  events: readonly (NewEvent & { id: string; createdAt: Instant })[],
): void {
  const rows = events.map(({ subject, nodeId = null, traceId = null, ...event }, index) => ({
    place: index,
    id: event.id,
    type: event.type,
    subject_kind: subject.kind,
    subject_id: subject.id,
    node_id: nodeId,
    actor: JSON.stringify(event.actor),
    data: JSON.stringify(event.data),
    trace_id: traceId,
    created_at: event.createdAt,
  }));
  const source = tx.dialect.rowsOf('$2', EVENT_COLUMNS, 'r');
  tx.send(
    `insert into event (org_id, id, type, subject_kind, subject_id, node_id, actor, data, trace_id,
        created_at)
     select $1, r.id, r.type, r.subject_kind, r.subject_id, r.node_id, r.actor, r.data, r.trace_id,
        r.created_at
       from ${source} order by r.place`,
    [tx.org, JSON.stringify(rows)],
  );
}

const EVENT_COLUMNS = {
  place: 'integer',
  id: 'text',
  type: 'text',
  subject_kind: 'text',
  subject_id: 'text',
  node_id: 'text',
  actor: 'text',
  data: 'text',
  trace_id: 'text',
  created_at: 'integer',
} as const;

/** SQL that is true when the node in `column` is within the reach held by the two parameters. */
export type NodePredicate = (
  dialect: Dialect,
  column: string,
  allowParam: string,
  denyParam: string,
) => string;

export interface EventRange {
  type: string | null;
  subjectId: string | null;
  scope: Scope;
  nodeScope: NodePredicate;
  afterPos: number;
  upToPos: number;
  limit: number;
}

/** An event that names no node belongs to the root: whoever does not reach that, does not see it. */
const NODE_OF_EVENT = `coalesce(e.node_id,
  (select root.id from node root where root.org_id = $1 and root.parent_id is null))`;

/** Oldest first, only up to the mark: what is above it may still have gaps that will be filled. */
export async function listEvents(db: OrgQueryable, range: EventRange): Promise<Page<Event>> {
  const reach = range.nodeScope(db.dialect, NODE_OF_EVENT, '$2', '$3');
  const rows = await db.query<EventRow>(
    `select e.pos, e.id, e.type, e.subject_kind, e.subject_id, e.node_id, e.actor, e.data,
        e.trace_id, e.created_at
       from event e
      where e.org_id = $1 and e.pos > $4 and e.pos <= $5
        and ($6 = '' or e.type = $6) and ($7 = '' or e.subject_id = $7) and ${reach}
      order by e.pos limit $8`,
    [
      db.org,
      range.scope.allow,
      range.scope.deny,
      range.afterPos,
      range.upToPos,
      range.type ?? '',
      range.subjectId ?? '',
      range.limit + 1,
    ],
  );
  return toPage(rows.map(fromRow), range.limit);
}

export interface Change {
  pos: number;
  orgId: string;
  type: string;
  subjectId: string;
  data: Readonly<Record<string, unknown>>;
}

/** The change feed across organizations, for the engine's followers (the gallery). */
export async function selectChanges(
  db: Queryable,
  wanted: { types: readonly string[]; afterPos: number; upToPos: number; limit: number },
): Promise<Change[]> {
  const rows = await db.query<ChangeRow>(
    `select pos, org_id, type, subject_id, data from event
      where pos > $1 and pos <= $2 and type in (${db.dialect.textsOf('$3')})
      order by pos limit $4`,
    [wanted.afterPos, wanted.upToPos, JSON.stringify(wanted.types), wanted.limit],
  );
  return rows.map((row) => ({
    pos: row.pos,
    orgId: row.org_id,
    type: row.type,
    subjectId: row.subject_id,
    data: JSON.parse(row.data) as Record<string, unknown>,
  }));
}

type EventRow = {
  pos: number;
  id: string;
  type: string;
  subject_kind: string;
  subject_id: string;
  node_id: string | null;
  actor: string;
  data: string;
  trace_id: string | null;
  created_at: number;
};

type ChangeRow = { pos: number; org_id: string; type: string; subject_id: string; data: string };

function fromRow(row: EventRow): Event {
  return {
    pos: row.pos,
    id: row.id,
    type: row.type,
    subject: { kind: row.subject_kind, id: row.subject_id },
    nodeId: row.node_id,
    actor: JSON.parse(row.actor) as Actor,
    data: JSON.parse(row.data) as Record<string, unknown>,
    traceId: row.trace_id,
    createdAt: row.created_at,
  };
}
