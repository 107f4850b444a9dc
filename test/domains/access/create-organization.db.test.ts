import { describe, expect, test } from '@jest/globals';
import { createAccess } from '../../../server/domains/access/index.ts';
import { TEST_API_VERSION, useTestDatabase } from '../../support/database.ts';

const database = useTestDatabase();
const actor = { kind: 'system', id: 'test' };

describe('createOrganization', () => {
  test('opens an organization whose first key authenticates with every action on the root', async () => {
    const deps = database.deps();
    const access = createAccess(deps, { environment: 'test', apiVersion: TEST_API_VERSION });
    const made = await access.createOrganization({ name: 'Harbour', actor });
    expect(made.secret).toMatch(/^sp_test_/);
    const caller = await access.authenticate(made.secret);
    expect(caller).toMatchObject({
      orgId: made.organization.id,
      nodeIds: [made.rootNodeId],
      credentialId: made.key.id,
    });
    expect(caller?.actions.has('payment.refund')).toBe(true);
  });

  test('tells of the organization and of its key', async () => {
    const { orgId } = await database.seedOrganization();
    const rows = await database
      .databases()
      .org(orgId)
      .query('select type from event where org_id = $1 order by pos', [orgId]);
    expect(rows.map((row) => row['type'])).toEqual([
      'organization.created',
      'api_key.created',
      'node.created',
    ]);
  });

  test('leaves no trace of the secret in any column', async () => {
    const { orgId, apiKey } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const keys = await db.query('select * from api_key where org_id = $1', [orgId]);
    const events = await db.query('select * from event where org_id = $1', [orgId]);
    expect(keys).toHaveLength(1);
    expect(JSON.stringify([keys, events])).not.toContain(apiKey.slice(17, 49));
  });
});
