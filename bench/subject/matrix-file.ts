// A matrix of vectors as a file: float32, row after row.

import { openSync, readSync, closeSync, statSync, writeFileSync } from 'node:fs';

export const DIMENSIONS = 512;

export function writeMatrix(file: string, matrix: Float32Array): void {
  writeFileSync(file, Buffer.from(matrix.buffer, matrix.byteOffset, matrix.byteLength));
}

/** In shared memory, at its buffer's first byte: what the vector library wants, and threads as well. */
export function readMatrix(file: string): Float32Array {
  const { size } = statSync(file);
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  const opened = openSync(file, 'r');
  try {
    for (let read = 0; read < size;) read += readSync(opened, bytes, read, size - read, null);
  } finally {
    closeSync(opened);
  }
  return new Float32Array(bytes.buffer);
}
