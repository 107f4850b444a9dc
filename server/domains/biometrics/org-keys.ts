// The organizations' key-encryption keys, unwrapped once and held in memory. They are fetched before a
// transaction (the provider may be far away) and only read inside one.

import { boundTo } from '../../platform/crypto/bytes.ts';
import type { KekProvider } from '../../platform/crypto/kek.ts';
import { newKey } from '../../platform/crypto/key-wrap.ts';
import { transaction } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { AppError, toError } from '../../shared/errors.ts';
import { present } from '../../shared/assert.ts';
import { findOrgKeys, insertOrgKey, type StoredOrgKey } from './store-keys.ts';

export interface OrgKey {
  id: string;
  secret: Buffer;
}

/** The keys of one organization at one moment: the newest wraps, each of them unwraps. */
export interface KeyRing {
  newest: OrgKey;
  byId: ReadonlyMap<string, OrgKey>;
}

export interface OrgKeys {
  /** All keys of the organization, from memory or unwrapped now; its first one is made when it has none. */
  ringOf(orgId: string): Promise<KeyRing>;
  /** The same, read again: for a key that was made elsewhere since. */
  freshRingOf(orgId: string): Promise<KeyRing>;
  /** From memory, for use inside a transaction. Throws `sealed` when they are not there yet, and begins
   * to fetch them: the caller comes again. */
  ringAtHand(orgId: string): KeyRing;
}

type OrgKeyDeps = Pick<Deps, 'databases' | 'ids' | 'world' | 'log'>;

export function createOrgKeys(deps: OrgKeyDeps, kek: KekProvider): OrgKeys {
  const rings = new Map<string, KeyRing>();
  const fetching = new Map<string, Promise<KeyRing>>();

  const fetchRing = (orgId: string): Promise<KeyRing> => {
    const running = fetching.get(orgId);
    if (running !== undefined) return running;
    const started = readRing(deps, kek, orgId)
      .then((ring) => {
        rings.set(orgId, ring);
        return ring;
      })
      .finally(() => fetching.delete(orgId));
    fetching.set(orgId, started);
    return started;
  };
  return {
    ringOf: async (orgId) => rings.get(orgId) ?? fetchRing(orgId),
    freshRingOf: fetchRing,
    ringAtHand: (orgId) => {
      const ring = rings.get(orgId);
      if (ring !== undefined) return ring;
      fetchRing(orgId).catch((error: unknown) => {
        deps.log.warn({ err: toError(error), org_id: orgId }, 'organization keys not available');
      });
      throw new AppError('sealed', 'The keys of this organization are being fetched. Try again.', {
        retryAfterMs: 1_000,
      });
    },
  };
}

async function readRing(deps: OrgKeyDeps, kek: KekProvider, orgId: string): Promise<KeyRing> {
  const db = deps.databases.org(orgId);
  let stored = await findOrgKeys(db);
  if (stored.length === 0) {
    const made = await makeOrgKey(deps, kek, orgId);
    // Of two first uses one wins; whoever loses reads the winner's.
    await transaction(db, (tx) => insertOrgKey(tx, made));
    stored = await findOrgKeys(db);
  }
  const keys: OrgKey[] = [];
  for (const row of stored) {
    const wrapped = { kid: row.rootKid, wrapped: row.wrapped };
    keys.push({ id: row.id, secret: await kek.unwrap(wrapped, aadOf(orgId, row)) });
  }
  return {
    newest: present(keys.at(-1), 'the key of an organization'),
    byId: new Map(keys.map((key) => [key.id, key])),
  };
}

async function makeOrgKey(
  { ids, world }: OrgKeyDeps,
  kek: KekProvider,
  orgId: string,
): Promise<StoredOrgKey> {
  const row = { id: ids.make('orgKey'), keyVersion: 1 };
  const { kid, wrapped } = await kek.wrap(newKey(world.random), aadOf(orgId, row));
  return { ...row, rootKid: kid, wrapped, createdAt: world.clock.now() };
}

function aadOf(orgId: string, { id, keyVersion }: { id: string; keyVersion: number }): Buffer {
  return boundTo('org-key/v1', orgId, id, String(keyVersion));
}
