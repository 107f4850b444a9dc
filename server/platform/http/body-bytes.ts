// Reads request bodies under a limit: whole, or line by line. A declared length over the limit is
// refused before a byte is read.

import type { IncomingMessage } from 'node:http';
import { AppError } from '../../shared/errors.ts';

export function refuseDeclaredLength(request: IncomingMessage, limitBytes: number): void {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limitBytes) throw tooLarge('body', limitBytes, `${declared} bytes`);
}

export async function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  refuseDeclaredLength(request, limitBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(request)) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge('body', limitBytes, 'more');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const NEWLINE = 0x0a;

/** Lines without their ends; empty ones are passed over. Bounded per line and in all. */
export async function* readLines(
  request: IncomingMessage,
  limits: { lineBytes: number; totalBytes: number },
): AsyncGenerator<Buffer> {
  refuseDeclaredLength(request, limits.totalBytes);
  let rest: Buffer[] = [];
  let restSize = 0;
  let total = 0;
  for await (const chunk of chunksOf(request)) {
    total += chunk.length;
    if (total > limits.totalBytes) throw tooLarge('body', limits.totalBytes, 'more');
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = trimmed(Buffer.concat([...rest, chunk.subarray(start, end)]));
      if (line.length > limits.lineBytes)
        throw tooLarge('line', limits.lineBytes, `${line.length} bytes`);
      [rest, restSize, start] = [[], 0, end + 1];
      if (line.length > 0) yield line;
    }
    rest.push(chunk.subarray(start));
    restSize += chunk.length - start;
    if (restSize > limits.lineBytes + 1) throw tooLarge('line', limits.lineBytes, 'more');
  }
  const last = trimmed(Buffer.concat(rest));
  if (last.length > 0) yield last;
}

/** A client that goes away in the middle is its own problem, and not a fault of ours. */
async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of request) yield chunk as Buffer;
  } catch (cause) {
    const text = 'Expected the whole body, but the connection ended in the middle of it.';
    throw new AppError('invalid_request', text, { cause });
  }
}

function trimmed(line: Buffer): Buffer {
  const end = line.at(-1) === 0x0d ? line.length - 1 : line.length;
  return line.subarray(0, end);
}

function tooLarge(what: string, limitBytes: number, found: string): AppError {
  return new AppError(
    'body_too_large',
    `Expected a ${what} of at most ${limitBytes} bytes, found ${found}.`,
    { data: { limit_bytes: limitBytes } },
  );
}
