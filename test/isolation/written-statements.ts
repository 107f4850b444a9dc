// Every SQL statement that names an organization and stands in the sources, as a pattern that what was
// sent can be held against: what a template fills in may be anything.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync } from '@swc/core';

export interface WrittenStatement {
  /** Below the root. */
  file: string;
  /** For people: the text with its holes as `…`. */
  shown: string;
  pattern: RegExp;
}

const STATEMENT = /^\s*(select|insert into|update|delete from|with)\s/i;

export function writtenStatements(root: string): readonly WrittenStatement[] {
  const folder = join(root, 'server');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => statementsOf(join(folder, name), root));
}

function statementsOf(path: string, root: string): WrittenStatement[] {
  const tree = parseSync(readFileSync(path, 'utf8'), { syntax: 'typescript' });
  return literalsIn(tree)
    .filter((pieces) => STATEMENT.test(pieces[0] ?? '') && /\borg_id\b/.test(pieces.join('')))
    .map((pieces) => ({
      file: relative(root, path),
      shown: pieces.join('…').replaceAll(/\s+/g, ' ').trim(),
      pattern: new RegExp(pieces.map(escape).join('[^]*?')),
    }));
}

/** The fixed pieces of each string and template, in order. */
function literalsIn(node: unknown): string[][] {
  if (Array.isArray(node)) return node.flatMap(literalsIn);
  if (typeof node !== 'object' || node === null) return [];
  const { type, value, quasis } = node as { type?: string; value?: unknown; quasis?: unknown };
  const own: string[][] = [];
  if (type === 'StringLiteral') own.push([String(value)]);
  if (type === 'TemplateLiteral') {
    own.push((quasis as { cooked: string }[]).map(({ cooked }) => cooked));
  }
  return [...own, ...Object.values(node).flatMap(literalsIn)];
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
