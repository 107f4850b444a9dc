import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nodeScope } from '../../../server/domains/access/index.ts';
import { isInScope } from '../../../server/domains/access/store-scope.ts';
import { insertNode, insertOrganization } from '../../../server/domains/access/store-nodes.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { useTestDatabase } from '../../support/database.ts';

const database = useTestDatabase();

/** Parents by index: node i stands under parents[i - 1] < i; node 0 is the root. */
interface Tree {
  parents: readonly number[];
}

const NODES = 7;
const trees: fc.Arbitrary<Tree> = fc
  .tuple(...Array.from({ length: NODES - 1 }, (_unused, index) => fc.nat({ max: index })))
  .map((parents) => ({ parents }));
const nodeSets = fc.uniqueArray(fc.nat({ max: NODES - 1 }), { maxLength: 3 });

/** Ids collide across organizations on purpose: a forgotten organization must show. */
const idOf = (index: number): string => `nod_${index}`;

let orgsMade = 0;

async function plant(tree: Tree): Promise<string> {
  orgsMade += 1;
  const orgId = `org_scope${orgsMade}`;
  await transaction(database.databases().org(orgId), async (tx) => {
    await insertOrganization(tx, {
      id: orgId,
      name: 'x',
      status: 'active',
      createdAt: 1,
      version: 1,
    });
    for (let index = 0; index < NODES; index += 1) {
      const parent = index === 0 ? null : (tree.parents[index - 1] ?? 0);
      await insertNode(tx, {
        id: idOf(index),
        parentId: parent === null ? null : idOf(parent),
        kind: parent === null ? 'organization' : 'zone',
        name: 'x',
        createdAt: 1,
        version: 1,
      });
    }
  });
  return orgId;
}

function ancestorsOrSelf(tree: Tree, index: number): number[] {
  const parent = index === 0 ? undefined : tree.parents[index - 1];
  return parent === undefined ? [index] : [index, ...ancestorsOrSelf(tree, parent)];
}

/** The model: some ancestor-or-self is allowed, and none is denied. */
function reached(tree: Tree, allow: readonly number[], deny: readonly number[]): string[] {
  const holds = (set: readonly number[], index: number): boolean =>
    ancestorsOrSelf(tree, index).some((each) => set.includes(each));
  const indexes = Array.from({ length: NODES }, (_unused, index) => index);
  return indexes.filter((index) => holds(allow, index) && !holds(deny, index)).map(idOf);
}

const json = (indexes: readonly number[]): string => JSON.stringify(indexes.map(idOf));

describe('check and list', () => {
  test('agree with the model and with each other, in trees whose ids collide', async () => {
    await fc.assert(
      fc.asyncProperty(trees, trees, nodeSets, nodeSets, async (mine, theirs, allow, deny) => {
        const orgId = await plant(mine);
        await plant(theirs);
        const db = database.databases().org(orgId);
        const scope = { allow: json(allow), deny: json(deny) };
        const rows = await db.query<{ id: string }>(
          `select n.id from node n
            where n.org_id = $1 and ${nodeScope(db.dialect, 'n.id', '$2', '$3')} order by n.id`,
          [orgId, scope.allow, scope.deny],
        );
        const expected = reached(mine, allow, deny);
        expect(rows.map((row) => row.id)).toEqual(expected);
        for (let index = 0; index < NODES; index += 1) {
          const answer = await isInScope(db, scope, idOf(index));
          expect(answer).toBe(expected.includes(idOf(index)));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('reach nothing with an empty scope, and nothing that does not exist', async () => {
    const orgId = await plant({ parents: [0, 0, 0, 0, 0, 0] });
    const db = database.databases().org(orgId);
    expect(await isInScope(db, { allow: '[]', deny: '[]' }, idOf(0))).toBe(false);
    expect(await isInScope(db, { allow: json([0]), deny: '[]' }, 'nod_none')).toBe(false);
  });
});
