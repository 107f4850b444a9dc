// Mistakes of YAML itself, in our words: the parser's messages quote the source, and a secret may stand
// there, so only its codes are used.

import type { Document } from 'yaml';
import { originAt, type YamlReader } from './yaml-reader.ts';
import { findUnclosed } from './yaml-unclosed.ts';

/** After the first few, a parser's mistakes follow from one another. */
const SYNTAX_PROBLEMS_MAX = 5;

/** @returns whether the file can be read. */
export function refuseSyntax(document: Document, source: string, reader: YamlReader): boolean {
  const codes = document.errors.map(({ code }) => code);
  // Hundreds of levels are not walked through.
  const isSearched = codes.length > 0 && !codes.includes('RESOURCE_EXHAUSTION');
  const unclosed = isSearched ? findUnclosed(document, source) : null;
  // Whatever comes after it follows from it.
  const errors = [...document.errors, ...document.warnings].filter(
    ({ pos }) => unclosed === null || pos[0] < unclosed.offset,
  );
  const shown = new Set<string>();
  for (const { code, pos } of errors) {
    if (shown.size >= SYNTAX_PROBLEMS_MAX) break;
    const [expected, found] = SYNTAX[code] ?? ['valid YAML', `a mistake (${code})`];
    const origin = originAt(reader, pos[0]);
    const place = `${origin.line} ${code}`;
    if (shown.has(place)) continue;
    shown.add(place);
    reader.layer.refuse({ ...origin, path: '', expected, found });
  }
  if (unclosed !== null) {
    const { offset, open, close } = unclosed;
    const expected = `a ${close} that closes the ${open} here`;
    reader.layer.refuse({ ...originAt(reader, offset), path: '', expected, found: 'none' });
  }
  return document.errors.length === 0;
}

const SYNTAX: Readonly<Record<string, readonly [expected: string, found: string]>> = {
  BAD_INDENT: ['the lines of one group to start in the same column', 'another indentation'],
  MISSING_CHAR: ['valid YAML', 'a missing character, often a quote, a bracket or a colon'],
  BLOCK_AS_IMPLICIT_KEY: [
    'one name: value on each line',
    'a second one in it, or a deeper indentation; a value with a colon needs quotes',
  ],
  MULTILINE_IMPLICIT_KEY: ['name: value on one line', 'a line that is not, or no colon after it'],
  MULTIPLE_DOCS: ['one document', 'a second one after ---'],
  TAB_AS_INDENT: ['spaces as indentation', 'a tab'],
  TAG_RESOLVE_FAILED: ['plain values', 'a tag that is not known'],
  BAD_ALIAS: ['values written out', 'an alias'],
  UNEXPECTED_TOKEN: ['valid YAML', 'something that does not belong here'],
  RESOURCE_EXHAUSTION: ['a few levels of groups', 'hundreds of them'],
};
