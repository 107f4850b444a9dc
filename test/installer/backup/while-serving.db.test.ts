// A backup taken while others write is of one moment: of each of their transactions it holds all or nothing.

import { expect, test } from '@jest/globals';
import { createNode } from '../../../server/domains/access/index.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { makeBox, makeKeyPair, takeBackup, type Taken } from './rig.ts';
import { readBackup } from '../../../installer/backup/read-backup.ts';

const database = useTestDatabase();
const WRITERS = 4;
const BACKUPS = 5;

/** Two sites in one transaction, and with each site its closure and its event. */
async function writeUntil(stopped: () => boolean, { orgId, rootNodeId }: SeededOrganization) {
  const deps = database.deps();
  const actor = { kind: 'system', id: 'test' };
  for (let pairs = 0; ; pairs += 1) {
    if (stopped()) return pairs;
    await transaction(deps.databases.org(orgId), async (tx) => {
      for (const name of [`left ${pairs}`, `right ${pairs}`])
        await createNode(deps, tx, { parentId: rootNodeId, kind: 'site', name, actor });
    });
  }
}

async function namesOf({ source }: Taken): Promise<string[]> {
  const names: string[] = [];
  let at = -1;
  for await (const found of readBackup(source)) {
    if (found.kind === 'table') {
      const { name, columns } = found.table;
      at = name === 'node' ? columns.findIndex((column) => column.name === 'name') : -1;
    }
    if (found.kind === 'row' && at >= 0) names.push(String(found.row[at]));
  }
  return names;
}

test('every pair that was written together is there together, or not at all', async () => {
  const organizations = await Promise.all(
    Array.from({ length: WRITERS }, () => database.seedOrganization()),
  );
  const keys = await makeKeyPair();
  const box = makeBox(database.database().settings);
  let stopped = false;
  const writers = organizations.map((each) => writeUntil(() => stopped, each));
  const sizes: number[] = [];
  try {
    for (let round = 0; round < BACKUPS; round += 1) {
      const taken = await takeBackup(box, keys);
      const names = await namesOf(taken);
      const count = (side: string): number => names.filter((name) => name.startsWith(side)).length;
      expect(count('left')).toBe(count('right'));
      // Its closure has a row for itself and one for its root, and its event was told.
      const { node, node_closure: closure, event } = taken.end.tables;
      expect(closure?.rows).toBe(2 * (node?.rows ?? 0) - WRITERS);
      expect(event?.rows).toBeGreaterThanOrEqual(count('left') * 2);
      sizes.push(names.length);
    }
  } finally {
    stopped = true;
  }
  const pairs = await Promise.all(writers);
  expect(Math.min(...pairs)).toBeGreaterThan(0);
  // They did write while the backups were taken.
  expect(new Set(sizes).size).toBe(BACKUPS);
});
