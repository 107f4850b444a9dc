// Generated parts of a page stand between `<!-- generated: NAME -->` and `<!-- end: NAME -->`. Everything
// outside them is written by hand and left alone. A missing marker is an error.

export type Blocks = Readonly<Record<string, string>>;

export function replaceBlocks(page: string, blocks: Blocks): string {
  let replaced = page;
  for (const [name, text] of Object.entries(blocks)) {
    const { start, end } = find(replaced, name);
    replaced = `${replaced.slice(0, start)}\n\n${text}\n\n${replaced.slice(end)}`;
  }
  return replaced;
}

/** Names of the parts that say something else than they should. */
export function staleBlocks(page: string, blocks: Blocks): string[] {
  return Object.keys(blocks).filter((name) => {
    const { start, end } = find(page, name);
    return page.slice(start, end).trim() !== blocks[name]?.trim();
  });
}

function find(page: string, name: string): { start: number; end: number } {
  const opening = `<!-- generated: ${name} -->`;
  const closing = `<!-- end: ${name} -->`;
  const at = page.indexOf(opening);
  const end = page.indexOf(closing);
  if (at === -1 || end < at)
    throw new Error(`Expected the markers ${opening} and ${closing} on the page, found not both.`);
  return { start: at + opening.length, end };
}
