// Counts the commits in a SQLite write-ahead log: a frame whose header tells the size of the database ends
// one. https://www.sqlite.org/fileformat2.html#the_write_ahead_log

import { existsSync, readFileSync } from 'node:fs';

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

export interface WalState {
  commits: number;
  /** Changes whenever the log starts over. */
  salt: string;
}

export function readWal(file: string): WalState {
  if (!existsSync(file)) return { commits: 0, salt: '' };
  const bytes = readFileSync(file);
  if (bytes.length < WAL_HEADER_BYTES) return { commits: 0, salt: '' };
  const salt = bytes.subarray(16, 24).toString('hex');
  const frameBytes = FRAME_HEADER_BYTES + bytes.readUInt32BE(8);
  let commits = 0;
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= bytes.length; at += frameBytes) {
    // What is left of the log before the last start has another salt.
    if (bytes.subarray(at + 8, at + 16).toString('hex') !== salt) break;
    if (bytes.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return { commits, salt };
}
