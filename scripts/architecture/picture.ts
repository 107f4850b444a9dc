// Pictures of imports for docs/architecture.md: mermaid graphs whose arrows are imports that exist, and the
// list of platform rooms that each domain uses. An arrow reads "imports".

import type { DomainTable } from './domain-table.ts';
import type { Import } from './imports.ts';
import { domainOf, type Edge, edgesBetween, houseRoom, platformRoomOf } from './room.ts';

export function housePicture(imports: readonly Import[]): string {
  const rooms = imports.flatMap(({ from, to }) => [houseRoom(from), houseRoom(to)]);
  return graph('BT', edgesBetween(imports, houseRoom), rooms);
}

/** Domains that import no other and are imported by none are shown too. */
export function domainPicture(imports: readonly Import[], domains: readonly string[]): string {
  return graph('BT', edgesBetween(imports, domainOf), domains);
}

export function platformPicture(imports: readonly Import[]): string {
  const files = imports.flatMap(({ from, to }) => [from, to]);
  const rooms = files.flatMap((file) => platformRoomOf(file) ?? []);
  return graph('BT', edgesBetween(imports, platformRoomOf), rooms);
}

export function platformUse(imports: readonly Import[], domains: readonly string[]): string {
  const edges = edgesBetween(imports, domainOf, platformRoomOf);
  const rows = domains.map((domain) => {
    const rooms = edges.filter(({ from }) => from === domain).map(({ to }) => `\`${to}\``);
    return `| \`${domain}\` | ${rooms.join(', ') || '–'} |`;
  });
  return ['| Domain | Platform rooms it imports |', '| --- | --- |', ...rows].join('\n');
}

/** What the table permits and nobody does: a permission that could be taken back. */
export function unusedPermissions(imports: readonly Import[], table: DomainTable): string[] {
  const edges = new Set(edgesBetween(imports, domainOf).map(({ from, to }) => `${from} → ${to}`));
  return Object.entries(table)
    .flatMap(([domain, mayImport]) => mayImport.map((other) => `${domain} → ${other}`))
    .filter((pair) => !edges.has(pair));
}

function graph(direction: string, edges: readonly Edge[], alone: readonly string[] = []): string {
  const names = [...new Set([...alone, ...edges.flatMap(({ from, to }) => [from, to])])];
  return [
    '```mermaid',
    `graph ${direction}`,
    ...names.toSorted().map((name) => `  ${idOf(name)}["${name}"]`),
    ...edges.map(({ from, to }) => `  ${idOf(from)} --> ${idOf(to)}`),
    '```',
  ].join('\n');
}

/** Mermaid's ids know no slashes, and some words (`end`, `default`) are its own: hence the prefix. */
function idOf(name: string): string {
  return `room_${name.replaceAll(/[^a-z0-9]/g, '_')}`;
}
