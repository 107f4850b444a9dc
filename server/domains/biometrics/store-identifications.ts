// All SQL over identification: evidence, appended and never changed.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Dialect } from '../../platform/database/dialect.ts';
import type { Scope } from '../../platform/http/route.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import type { Identification, Outcome } from './identification.ts';
import type { Modality } from './template.ts';

export type StoredIdentification = Omit<Identification, 'tookMs'> & {
  id: string;
  deviceId: string | null;
  nodeId: string;
  createdAt: Instant;
};

export async function insertIdentification(tx: Tx, row: StoredIdentification): Promise<void> {
  await tx.execute(
    `insert into identification (org_id, id, device_id, node_id, person_id, outcome, modality,
        extractor, score_micro, margin_micro, threshold_micro, gallery_size, evidence_class, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      tx.org,
      row.id,
      row.deviceId,
      row.nodeId,
      row.personId,
      row.outcome,
      row.modality,
      row.extractor,
      toMicro(row.score),
      toMicro(row.margin),
      toMicro(row.threshold),
      row.gallerySize,
      row.evidenceClass,
      row.createdAt,
    ],
  );
}

const COLUMNS = `i.id, i.device_id, i.node_id, i.person_id, i.outcome, i.modality, i.extractor,
  i.score_micro, i.margin_micro, i.threshold_micro, i.gallery_size, i.evidence_class, i.created_at`;

/** SQL that is true when the node in `column` is within the reach held by the two parameters. */
export type NodePredicate = (
  dialect: Dialect,
  column: string,
  allowParam: string,
  denyParam: string,
) => string;

export async function listIdentifications(
  db: OrgQueryable,
  filter: { scope: Scope; nodeScope: NodePredicate; personId: string | null },
  page: PageRequest,
): Promise<Page<StoredIdentification>> {
  const reach = filter.nodeScope(db.dialect, 'i.node_id', '$2', '$3');
  const rows = await db.query<IdentificationRow>(
    `select ${COLUMNS} from identification i
      where i.org_id = $1 and i.id > $4 and ($5 = '' or i.person_id = $5) and ${reach}
      order by i.id limit $6`,
    [
      db.org,
      filter.scope.allow,
      filter.scope.deny,
      page.after ?? '',
      filter.personId ?? '',
      page.limit + 1,
    ],
  );
  return toPage(rows.map(fromRow), page.limit);
}

function toMicro(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000_000);
}

function fromMicro(value: number | null): number | null {
  return value === null ? null : value / 1_000_000;
}

type IdentificationRow = {
  id: string;
  device_id: string | null;
  node_id: string;
  person_id: string | null;
  outcome: string;
  modality: string;
  extractor: string;
  score_micro: number | null;
  margin_micro: number | null;
  threshold_micro: number;
  gallery_size: number;
  evidence_class: string;
  created_at: number;
};

function fromRow(row: IdentificationRow): StoredIdentification {
  return {
    id: row.id,
    deviceId: row.device_id,
    nodeId: row.node_id,
    personId: row.person_id,
    outcome: row.outcome as Outcome,
    modality: row.modality as Modality,
    extractor: row.extractor,
    score: fromMicro(row.score_micro),
    margin: fromMicro(row.margin_micro),
    threshold: row.threshold_micro / 1_000_000,
    gallerySize: row.gallery_size,
    evidenceClass: row.evidence_class as Identification['evidenceClass'],
    createdAt: row.created_at,
  };
}
