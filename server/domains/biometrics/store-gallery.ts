// What the gallery reads, as the engine and across organizations: sealed templates with their wrapped
// keys, in pages at the start and by id as the event log tells of new ones.

import type { EngineDatabase } from '../../platform/database/database.ts';
import type { Modality } from './template.ts';

export interface GalleryRow {
  orgId: string;
  templateId: string;
  personId: string;
  modality: Modality;
  extractor: string;
  dimensions: number;
  sealed: Buffer;
  orgKeyId: string;
  keyVersion: number;
  wrapped: Buffer;
}

const SELECT = `select t.org_id, t.id, t.person_id, t.modality, t.extractor, t.dimensions, t.sealed,
    k.org_key_id, k.key_version, k.wrapped
  from template t join person_key k on k.org_id = t.org_id and k.person_id = t.person_id`;

export async function selectGalleryPage(
  engine: EngineDatabase,
  { after, limit }: { after: { orgId: string; templateId: string }; limit: number },
): Promise<GalleryRow[]> {
  const rows = await engine.query<Row>(
    `${SELECT} where (t.org_id, t.id) > ($1, $2) and t.status = 'active' order by t.org_id, t.id limit $3`,
    [after.orgId, after.templateId, limit],
  );
  return rows.map(fromRow);
}

export async function selectGalleryRows(
  engine: EngineDatabase,
  orgId: string,
  templateIds: readonly string[],
): Promise<GalleryRow[]> {
  const rows = await engine.query<Row>(
    `${SELECT} where t.org_id = $1 and t.id in (${engine.dialect.textsOf('$2')})
        and t.status = 'active'`,
    [orgId, JSON.stringify(templateIds)],
  );
  return rows.map(fromRow);
}

type Row = {
  org_id: string;
  id: string;
  person_id: string;
  modality: string;
  extractor: string;
  dimensions: number;
  sealed: Buffer;
  org_key_id: string;
  key_version: number;
  wrapped: Buffer;
};

function fromRow(row: Row): GalleryRow {
  return {
    orgId: row.org_id,
    templateId: row.id,
    personId: row.person_id,
    modality: row.modality as Modality,
    extractor: row.extractor,
    dimensions: row.dimensions,
    sealed: row.sealed,
    orgKeyId: row.org_key_id,
    keyVersion: row.key_version,
    wrapped: row.wrapped,
  };
}
