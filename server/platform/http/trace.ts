// W3C Trace Context: takes up the caller's trace or begins one. Only level 00 is read; anything else is
// as good as absent (Trace Context §3.2.4).

import type { Random } from '../../shared/world.ts';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;

export function traceIdFrom(header: string | undefined, random: Random): string {
  const match = TRACEPARENT.exec(header ?? '');
  const traceId = match?.[1];
  const usable = traceId !== undefined && !/^0+$/.test(traceId) && !/^0+$/.test(match?.[2] ?? '');
  return usable ? traceId : Buffer.from(random.bytes(16)).toString('hex');
}

export function traceparent(traceId: string, random: Random): string {
  return `00-${traceId}-${Buffer.from(random.bytes(8)).toString('hex')}-01`;
}
