// The shape of root metadata (TUF 4.2, 4.3), and what must hold between its parts before any signature is looked
// at: a threshold that nobody has to meet would make every root a good one.

import { z } from 'zod';

const keyId = z.string().regex(/^[0-9a-f]{64}$/u, 'expected a key id of 64 hex digits');
const hex = (bytes: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`, 'u'), `expected ${bytes} bytes in hex`);

const key = z.looseObject({
  keytype: z.literal('ed25519'),
  scheme: z.literal('ed25519'),
  keyval: z.looseObject({ public: hex(32) }),
});
const role = z.looseObject({ keyids: z.array(keyId).min(1), threshold: z.int().min(1) });

const shape = z.looseObject({
  signatures: z.array(z.looseObject({ keyid: keyId, sig: hex(64) })),
  signed: z.looseObject({
    _type: z.literal('root'),
    spec_version: z.string(),
    version: z.int().min(1),
    expires: z.iso.datetime(),
    consistent_snapshot: z.boolean(),
    keys: z.record(keyId, key),
    roles: z.looseObject({ root: role }).catchall(role),
    'x-release-line': z.string().min(1),
  }),
});

type RootShape = z.infer<typeof shape>;

/** What is wrong, with its place, or null. */
export function rootProblem(parsed: unknown): string | null {
  const { error, data } = shape.safeParse(parsed);
  if (error !== undefined) {
    const [issue] = error.issues;
    return `${issue?.path.join('.') || 'its top'}: ${issue?.message ?? 'something else'}`;
  }
  const { keys, roles } = data.signed;
  for (const [name, { keyids, threshold }] of Object.entries(roles)) {
    const wrong = roleProblem(keys, keyids, threshold);
    if (wrong !== null) return `signed.roles.${name}: ${wrong}`;
  }
  return null;
}

function roleProblem(
  keys: RootShape['signed']['keys'],
  keyids: readonly string[],
  threshold: number,
): string | null {
  const unknown = keyids.find((id) => keys[id] === undefined);
  if (unknown !== undefined) return `the key ${unknown}, which is not among signed.keys`;
  // One key under two names would be two signatures of one person.
  const distinct = new Set(keyids.map((id) => keys[id]?.keyval.public)).size;
  if (distinct < keyids.length) return `${keyids.length} key ids for ${distinct} keys`;
  return threshold > distinct ? `a threshold of ${threshold} with ${distinct} keys` : null;
}
