// What a verb returned → status, headers and bytes. The same function makes the answer that is sent and
// the one that is kept for its Idempotency-Key.

import type { Page } from '../../shared/page.ts';
import { encodeCursor } from './cursor.ts';
import type { Answer, StoredPair } from './idempotency.ts';
import { withoutSecrets } from './secret-marks.ts';
import type { HttpSettings } from './settings.ts';
import type { RequestState } from './step.ts';
import type { RouteEntry } from './table.ts';
import { downgradeAnswer } from './versions.ts';

export function answerOf(
  entry: RouteEntry,
  state: RequestState,
  { settings, result }: { settings: HttpSettings; result: unknown },
): StoredPair {
  const { route, answerSecrets } = entry;
  const headers = headersOf(entry, result);
  const concernsId = concernsOf(entry, state, result);
  const status = route.status;
  if (status === 204) {
    const empty = { status, headers, body: '' };
    return { shown: empty, kept: empty, concernsId };
  }
  const presented = route.present(result);
  const whole =
    route.pagination === undefined
      ? presented
      : toPageAnswer(entry, state, { settings, result, items: presented as unknown[] });
  const { operationId } = route;
  const json = downgradeAnswer(settings.versions, state.version, { operationId, answer: whole });
  const shown: Answer = { status, headers, body: JSON.stringify(json) };
  if (answerSecrets.length === 0) return { shown, kept: shown, concernsId };
  const kept = { ...shown, body: JSON.stringify(withoutSecrets(answerSecrets, json)) };
  return { shown, kept, concernsId };
}

/** Named by the route, or the resource that its path names. */
function concernsOf({ route }: RouteEntry, state: RequestState, result: unknown): string | null {
  if (route.concernsOf !== undefined) return route.concernsOf(result);
  const { resource } = route;
  if (typeof resource === 'string' || !('param' in resource)) return null;
  return String(state.params[resource.param]);
}

function headersOf({ route }: RouteEntry, result: unknown): Record<string, string> {
  return {
    ...(route.versionOf === undefined ? {} : { ETag: `"${route.versionOf(result)}"` }),
    ...(route.locationOf === undefined ? {} : { Location: route.locationOf(result) }),
  };
}

function toPageAnswer(
  { route }: RouteEntry,
  { cursorBinding, pageRequest }: RequestState,
  { settings, result, items }: { settings: HttpSettings; result: unknown; items: unknown[] },
): object {
  const { hasMore } = result as Page<unknown>;
  if (!Array.isArray(items) || cursorBinding === null) {
    throw new Error(`Invariant broken: ${route.operationId} must present its page as an array`);
  }
  const last = items.at(-1) as { id?: unknown } | undefined;
  const position =
    last === undefined ? pageRequest.after : (route.cursorOf?.(result) ?? String(last.id));
  // A log grows at its end, so its last cursor stays good; a list's end is the end.
  const goesOn = position !== null && (hasMore || route.pagination === 'log');
  return {
    data: items,
    has_more: hasMore,
    next_cursor: goesOn ? encodeCursor(settings.cursorKey, cursorBinding, position) : null,
  };
}
