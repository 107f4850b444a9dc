// Reads from docs/architecture.md which domain may import which. The page is the only list; a table that
// cannot be read is an error, never an empty permission.

import { readFileSync } from 'node:fs';

export type DomainTable = Record<string, string[]>;

const PAGE = new URL('../../docs/architecture.md', import.meta.url);
const HEADER = /^\|\s*Domain\s*\|.*\|\s*May import[^|]*\|\s*$/;

export function readDomainTable(markdown: string = readFileSync(PAGE, 'utf8')): DomainTable {
  const lines = markdown.split('\n');
  const header = lines.findIndex((line) => HEADER.test(line));
  if (header === -1) {
    throw new Error(
      'docs/architecture.md: expected a table with the columns Domain … May import, found none.',
    );
  }
  const end = lines.findIndex((line, at) => at > header && !line.startsWith('|'));
  const rows = lines.slice(header + 2, end === -1 ? undefined : end).map(readRow);
  const table = Object.fromEntries(rows);
  for (const [domain, mayImport] of rows) {
    const unknown = mayImport.find((name) => !(name in table));
    if (unknown !== undefined) {
      throw new Error(
        `docs/architecture.md: expected domains of the table in the row of ${domain}, found "${unknown}".`,
      );
    }
  }
  return table;
}

function readRow(line: string): [string, string[]] {
  const cells = line.split('|').map((cell) => cell.trim().replaceAll('`', ''));
  const domain = cells[1];
  const mayImport = cells.at(-2);
  if (domain === undefined || mayImport === undefined || !/^[a-z]+$/.test(domain)) {
    throw new Error(
      `docs/architecture.md: expected a row of the table of domains, found "${line}".`,
    );
  }
  const names = mayImport.split(',').map((name) => name.trim());
  return [domain, names.filter((name) => name !== '' && name !== '–')];
}
