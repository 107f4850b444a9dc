import { describe, expect, test } from '@jest/globals';
import { createAccess } from '../../../server/domains/access/index.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { MINUTE_MS } from '../../../server/shared/instant.ts';
import {
  type SeededOrganization,
  TEST_API_VERSION,
  useTestDatabase,
} from '../../support/database.ts';

const database = useTestDatabase({ world: { clock: 'standing' } });
const actor = { kind: 'system', id: 'test' };

const access = (): ReturnType<typeof createAccess> =>
  createAccess(database.deps(), { environment: 'test', apiVersion: TEST_API_VERSION });

async function change(org: SeededOrganization, text: string): Promise<void> {
  await transaction(database.databases().org(org.orgId), (tx) => tx.execute(text, [org.orgId]));
}

describe('a key stops working at the next request when', () => {
  test.each([
    ['it is revoked', `update api_key set status = 'revoked' where org_id = $1`],
    ['its principal is disabled', `update principal set status = 'disabled' where org_id = $1`],
    ['its secret has another digest', `update api_key set secret_hash = '00' where org_id = $1`],
  ])('%s', async (_name, text) => {
    const org = await database.seedOrganization();
    expect(await access().authenticate(org.apiKey)).not.toBeNull();
    await change(org, text);
    expect(await access().authenticate(org.apiKey)).toBeNull();
  });

  test('its time is over, to the millisecond', async () => {
    const org = await database.seedOrganization();
    const { clock } = database.world();
    const made = await transaction(database.databases().org(org.orgId), (tx) =>
      access().createApiKey(tx, {
        name: 'Short',
        nodeId: org.siteId,
        scopes: ['node.read'],
        expiresAt: clock.now() + 1_000,
        actor,
      }),
    );
    clock.advance(999);
    expect(await access().authenticate(made.secret)).not.toBeNull();
    clock.advance(1);
    expect(await access().authenticate(made.secret)).toBeNull();
  });
});

test('a well-formed key that nobody made is null', async () => {
  const org = await database.seedOrganization();
  expect(await access().authenticate(org.apiKey.replace(/.$/, '!'))).toBeNull();
  expect(await access().authenticate('')).toBeNull();
});

test('the last use is noted at most once a minute', async () => {
  const org = await database.seedOrganization();
  const { clock } = database.world();
  const read = async (): Promise<unknown> => {
    const rows = await database
      .databases()
      .org(org.orgId)
      .query('select last_used_at, version from api_key where org_id = $1', [org.orgId]);
    return rows[0]?.['last_used_at'];
  };
  const first = await read();
  expect(first).toBe(clock.now());
  clock.advance(MINUTE_MS - 1);
  await access().authenticate(org.apiKey);
  expect(await read()).toBe(first);
  clock.advance(1);
  await access().authenticate(org.apiKey);
  expect(await read()).toBe(clock.now());
});
