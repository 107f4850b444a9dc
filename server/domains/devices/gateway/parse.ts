// Text of a frame → an object whose `t` says what it is. Nothing deeper than a frame may be is looked at:
// what follows may walk it without fear for the stack.

import type { ZodType } from 'zod';
import { explain } from './frames.ts';
import { CLOSE } from './protocol.ts';
import { Refusal } from './refusal.ts';

export interface AnyFrame extends Record<string, unknown> {
  t: string;
}

const DEPTH_MAX = 16;

/** Throws a Refusal (malformed) that names what was expected. */
export function parseFrame(text: string): AnyFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(
      `expected a frame of JSON, found ${Buffer.byteLength(text)} bytes that are not`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`expected a frame that is an object, found ${wordFor(value)}`);
  const { t } = value as AnyFrame;
  if (typeof t !== 'string') throw malformed(`/t: expected a string, found ${wordFor(t)}`);
  if (!isWithin(value, DEPTH_MAX))
    throw malformed(`expected at most ${DEPTH_MAX} levels of nesting, found more`);
  return value as AnyFrame;
}

/** Throws a Refusal (malformed) that names the field. */
export function readAs<T>(schema: ZodType<T>, frame: AnyFrame): T {
  const parsed = schema.safeParse(frame);
  if (parsed.success) return parsed.data;
  throw malformed(`${frame.t}: ${explain(parsed.error, frame)}`);
}

function wordFor(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}

export function malformed(reason: string): Refusal {
  return new Refusal(CLOSE.malformed, reason);
}

export function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  for (const item of Object.values(value)) if (!isWithin(item, depth - 1)) return false;
  return true;
}
