// Everything on docs/architecture.md that is read off the sources, by the name of its marker.

import { readDomainTable } from './domain-table.ts';
import type { Blocks } from './blocks.ts';
import { type Import, readImports } from './imports.ts';
import {
  domainPicture,
  housePicture,
  platformPicture,
  platformUse,
  unusedPermissions,
} from './picture.ts';
import { ownershipProblems, readSources, roomTables, tableOfTables, tablesOf } from './tables.ts';
import { renderTree } from './tree.ts';

export function generateBlocks(root: string, page: string): Blocks {
  return {
    tree: renderTree(root),
    ...pictures(readImports(root), page),
    tables: tablesBlock(root),
  };
}

export function pictures(imports: readonly Import[], page: string): Blocks {
  const table = readDomainTable(page);
  const domains = Object.keys(table);
  const unused = unusedPermissions(imports, table);
  return {
    house: housePicture(imports),
    domains: `${domainPicture(imports, domains)}\n\nPermitted by the table above and used by nobody: ${
      unused.join(', ') || 'nothing'
    }.`,
    platform: `${platformPicture(imports)}\n\n${platformUse(imports, domains)}`,
  };
}

/** A table without an owner, or with two, is refused here: a page must not make it look right. */
function tablesBlock(root: string): string {
  const tables = tablesOf(readSources(root, 'migrations/0*.ts'));
  const rooms = roomTables(readSources(root, 'server/{domains,platform}/**/*.ts'), tables);
  const problems = ownershipProblems(rooms, tables);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return tableOfTables(rooms);
}
