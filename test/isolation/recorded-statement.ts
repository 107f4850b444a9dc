// A statement as the server sent it, and reading what the recorder wrote.

import { readFileSync } from 'node:fs';

export interface RecordedStatement {
  text: string;
  /** Bytes travel as `{ hex }`. */
  params: readonly unknown[];
  /** The organization that the connection was bound to; null for the engine. */
  org: string | null;
}

export function readRecorded(file: string): readonly RecordedStatement[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordedStatement)
    .map((statement) => ({ ...statement, params: statement.params.map(fromJson) }));
}

function fromJson(value: unknown): unknown {
  const hex = (value as { hex?: unknown } | null)?.hex;
  return typeof hex === 'string' ? Buffer.from(hex, 'hex') : value;
}
