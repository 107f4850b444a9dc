// All SQL over template. Erasing nulls the sealed bytes; the row stays as evidence that there was one.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import type { Modality, Template } from './template.ts';

export type SealedTemplate = Template & { sealed: Buffer };

const COLUMNS = `t.id, t.person_id, t.consent_id, t.modality, t.extractor, t.dimensions, t.status,
  t.source, t.device_id, t.quality, t.created_at, t.erased_at, t.version`;

export async function insertTemplates(tx: Tx, templates: readonly SealedTemplate[]): Promise<void> {
  const rows = templates.map((template) => ({
    id: template.id,
    person_id: template.personId,
    consent_id: template.consentId,
    modality: template.modality,
    extractor: template.extractor,
    dimensions: template.dimensions,
    sealed: template.sealed.toString('hex'),
    source: template.source,
    device_id: template.deviceId,
    quality: template.quality,
    created_at: template.createdAt,
    version: template.version,
  }));
  const source = tx.dialect.rowsOf('$2', INSERTED, 'r');
  await tx.execute(
    `insert into template (org_id, id, person_id, consent_id, modality, extractor, dimensions, status,
        sealed, source, device_id, quality, created_at, version)
     select $1, r.id, r.person_id, r.consent_id, r.modality, r.extractor, r.dimensions, 'active',
        ${tx.dialect.bytesOfHex('r.sealed')}, r.source, r.device_id, r.quality, r.created_at, r.version
       from ${source}`,
    [tx.org, JSON.stringify(rows)],
  );
}

const INSERTED = {
  id: 'text',
  person_id: 'text',
  consent_id: 'text',
  modality: 'text',
  extractor: 'text',
  dimensions: 'integer',
  sealed: 'text',
  source: 'text',
  device_id: 'text',
  quality: 'integer',
  created_at: 'integer',
  version: 'integer',
} as const;

export async function findTemplate(db: OrgQueryable, id: string): Promise<Template | null> {
  const rows = await db.query<TemplateRow>(
    `select ${COLUMNS} from template t where t.org_id = $1 and t.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toTemplate(rows[0]);
}

export async function listTemplates(
  db: OrgQueryable,
  personId: string,
  page: PageRequest,
): Promise<Page<Template>> {
  const rows = await db.query<TemplateRow>(
    `select ${COLUMNS} from template t where t.org_id = $1 and t.person_id = $2 and t.id > $3
      order by t.id limit $4`,
    [db.org, personId, page.after ?? '', page.limit + 1],
  );
  return toPage(rows.map(toTemplate), page.limit);
}

export async function countActive(
  db: OrgQueryable,
  wanted: { personId: string; modality: string; extractor: string },
): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `select count(*) as count from template t
      where t.org_id = $1 and t.person_id = $2 and t.modality = $3 and t.extractor = $4
        and t.status = 'active'`,
    [db.org, wanted.personId, wanted.modality, wanted.extractor],
  );
  return rows[0]?.count ?? 0;
}

/** Which templates an erasure takes: one, those under a consent, or all of a person. */
export interface ErasureScope {
  personId: string;
  templateId?: string;
  consentId?: string;
}

/** Nulls the sealed bytes; returns the templates that had some. */
export async function updateErased(
  tx: Tx,
  { personId, templateId = '', consentId = '' }: ErasureScope,
  at: Instant,
): Promise<Template[]> {
  const rows = await tx.query<TemplateRow>(
    `update template set sealed = null, status = 'erased', erased_at = $3, version = version + 1
      where org_id = $1 and person_id = $2 and status = 'active'
        and ($4 = '' or id = $4) and ($5 = '' or consent_id = $5)
      returning id, person_id, consent_id, modality, extractor, dimensions, status, source, device_id,
        quality, created_at, erased_at, version`,
    [tx.org, personId, at, templateId, consentId],
  );
  return rows.map(toTemplate);
}

export async function nodeOfTemplate(db: OrgQueryable, id: string): Promise<string | null> {
  const rows = await db.query<{ node_id: string }>(
    `select p.node_id from template t join person p on p.org_id = t.org_id and p.id = t.person_id
      where t.org_id = $1 and t.id = $2`,
    [db.org, id],
  );
  return rows[0]?.node_id ?? null;
}

type TemplateRow = {
  id: string;
  person_id: string;
  consent_id: string;
  modality: string;
  extractor: string;
  dimensions: number;
  status: string;
  source: string;
  device_id: string | null;
  quality: number | null;
  created_at: number;
  erased_at: number | null;
  version: number;
};

function toTemplate(row: TemplateRow): Template {
  return {
    id: row.id,
    personId: row.person_id,
    consentId: row.consent_id,
    modality: row.modality as Modality,
    extractor: row.extractor,
    dimensions: row.dimensions,
    status: row.status as Template['status'],
    source: row.source as Template['source'],
    deviceId: row.device_id,
    quality: row.quality ?? 0,
    createdAt: row.created_at,
    erasedAt: row.erased_at,
    version: row.version,
  };
}
