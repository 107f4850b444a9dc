// What a sealed template and a person's key are bound to. Moved to another person's row, another
// organization or another extractor, neither opens. Pure but for randomness; synchronous.

import { boundTo } from '../../platform/crypto/bytes.ts';
import { newKey, SealBrokenError, unwrapKey, wrapKey } from '../../platform/crypto/key-wrap.ts';
import { openRecord, type SealContext, sealRecord } from '../../platform/crypto/seal.ts';
import type { Instant, Random } from '../../shared/world.ts';
import type { KeyRing } from './org-keys.ts';
import type { StoredPersonKey } from './store-keys.ts';
import { fromBytes, toBytes } from './vector.ts';

export interface PersonKey {
  secret: Buffer;
  keyVersion: number;
}

export function makePersonKey(
  ring: KeyRing,
  { orgId, personId, createdAt }: { orgId: string; personId: string; createdAt: Instant },
  random: Random,
): { key: PersonKey; stored: StoredPersonKey } {
  const key = { secret: newKey(random), keyVersion: 1 };
  const wrapped = wrapKey({
    under: ring.newest.secret,
    key: key.secret,
    aad: personAad(orgId, { personId, ...key }),
    random,
  });
  const { keyVersion } = key;
  return { key, stored: { personId, orgKeyId: ring.newest.id, keyVersion, wrapped, createdAt } };
}

/** Throws SealBrokenError when it does not open under the organization's key it names. */
export function openPersonKey(
  ring: KeyRing,
  orgId: string,
  stored: Omit<StoredPersonKey, 'createdAt'>,
): PersonKey {
  const orgKey = ring.byId.get(stored.orgKeyId);
  if (orgKey === undefined) throw new SealBrokenError('A key of a person');
  const { wrapped, keyVersion } = stored;
  const secret = unwrapKey({ under: orgKey.secret, wrapped, aad: personAad(orgId, stored) });
  return { secret, keyVersion };
}

export interface TemplateBinding {
  orgId: string;
  personId: string;
  templateId: string;
  modality: string;
  extractor: string;
}

export function sealTemplate(
  key: PersonKey,
  binding: TemplateBinding,
  { vector, random }: { vector: Float32Array; random: Random },
): Buffer {
  return sealRecord(contextOf(key, binding), toBytes(vector), random);
}

export function openTemplate(
  key: PersonKey,
  binding: TemplateBinding,
  sealed: Buffer,
): Float32Array {
  return fromBytes(openRecord(contextOf(key, binding), sealed));
}

function contextOf(key: PersonKey, binding: TemplateBinding): SealContext {
  const { orgId, personId, templateId, modality, extractor } = binding;
  const kid = `dek${key.keyVersion}`;
  return {
    dek: key.secret,
    label: 'tpl/v1',
    recordId: templateId,
    aad: boundTo(orgId, personId, templateId, modality, extractor, kid),
  };
}

function personAad(
  orgId: string,
  { personId, keyVersion }: { personId: string; keyVersion: number },
): Buffer {
  return boundTo('person-key/v1', orgId, personId, String(keyVersion));
}
