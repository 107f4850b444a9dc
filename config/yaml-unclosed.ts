// Finds the bracket or quote that is opened and never closed. The parser notices it where the file ends or
// the next line begins, far from the mistake, and calls it an indentation.

import { type Document, isCollection, isScalar, visit } from 'yaml';

const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}', '"': '"', "'": "'" };

export interface Unclosed {
  /** Where it is opened. */
  offset: number;
  open: string;
  close: string;
}

/** The innermost one; null when everything that is opened is closed. */
export function findUnclosed(document: Document, source: string): Unclosed | null {
  let found: Unclosed | null = null;
  visit(document, (_key, node) => {
    if (!isScalar(node) && !(isCollection(node) && node.flow === true)) return;
    const [start, end] = node.range ?? [0, 0];
    const open = source[start] ?? '';
    const close = CLOSING[open];
    if (close === undefined || (isScalar(node) && !node.type?.startsWith('QUOTE'))) return;
    const isClosed = end - start > 1 && source[end - 1] === close && !isEscaped(source, end - 1);
    if (!isClosed) found = { offset: start, open, close };
  });
  return found;
}

/** An odd number of backslashes stands before it. Only in double quotes does that mean anything. */
function isEscaped(source: string, at: number): boolean {
  let count = 0;
  while (source[at - 1 - count] === '\\') count += 1;
  return source[at] === '"' && count % 2 === 1;
}
