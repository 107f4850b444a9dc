// Mistakes of YAML itself, in our words: the parser's messages quote the source, and a secret may stand
// there, so only its codes are used.

import type { Document } from 'yaml';
import { originAt, type YamlReader } from './yaml-reader.ts';

/** After the first few, a parser's mistakes follow from one another. */
const SYNTAX_PROBLEMS_MAX = 5;

/** @returns whether the file can be read. */
export function refuseSyntax(document: Document, reader: YamlReader): boolean {
  const errors = [...document.errors, ...document.warnings];
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
  return document.errors.length === 0;
}

const SYNTAX: Readonly<Record<string, readonly [expected: string, found: string]>> = {
  BAD_INDENT: ['the lines of one group to start in the same column', 'another indentation'],
  MISSING_CHAR: ['valid YAML', 'a missing character, often a quote, a bracket or a colon'],
  MULTIPLE_DOCS: ['one document', 'a second one after ---'],
  TAB_AS_INDENT: ['spaces as indentation', 'a tab'],
  TAG_RESOLVE_FAILED: ['plain values', 'a tag that is not known'],
  BAD_ALIAS: ['values written out', 'an alias'],
  UNEXPECTED_TOKEN: ['valid YAML', 'something that does not belong here'],
  RESOURCE_EXHAUSTION: ['a few levels of groups', 'hundreds of them'],
};
