// What a running server says of its configuration (`/readyz?verbose`), and telling it to read it anew: done is
// only what it says itself is in force.

import type { Host } from '../host/host.ts';

export interface ConfigInForce {
  digest: string;
  generation: number;
  loaded_at: string;
  last_reload: { ok: boolean; at: string; problems: readonly string[] };
  /** Settings that are written differently than they are in force. */
  restart_needed: readonly string[];
}

const PROBE_TIMEOUT_MS = 3_000;
const EVERY_MS = 100;
/** Files must stand still for a moment before they are read, for five seconds at most. */
const TAKE_OVER_LIMIT_MS = 20_000;

/** Null when nothing answers, or something that does not know the question. */
export async function configState(host: Host, api: string): Promise<ConfigInForce | null> {
  const answer = await host.probe(`${api}/readyz?verbose`, PROBE_TIMEOUT_MS);
  if (answer === null) return null;
  try {
    return configOf(JSON.parse(answer.body));
  } catch {
    // Somebody else's page.
    return null;
  }
}

/** Of an answer of `/readyz?verbose`; null when it does not say. */
export function configOf(answer: unknown): ConfigInForce | null {
  if (typeof answer !== 'object' || answer === null) return null;
  return (answer as { config?: ConfigInForce }).config ?? null;
}

/** @throws Error when the server refuses what is written, or cannot take all of it over. */
export async function takeOver(
  host: Host,
  { api, tell }: { api: string; tell: () => Promise<void> },
): Promise<void> {
  const sinceMs = host.clock.nowMs();
  await tell();
  for (;;) {
    const state = await configState(host, api);
    if (state !== null && Date.parse(state.last_reload.at) >= sinceMs) {
      requireInForce(state);
      return;
    }
    if (host.clock.nowMs() - sinceMs > TAKE_OVER_LIMIT_MS) {
      const found = state === null ? 'no answer' : `the last one at ${state.last_reload.at}`;
      throw new Error(
        `/readyz?verbose: expected a reload within ${TAKE_OVER_LIMIT_MS} ms, found ${found}`,
      );
    }
    await host.clock.sleep(EVERY_MS);
  }
}

function requireInForce({ last_reload: last, restart_needed: left }: ConfigInForce): void {
  if (!last.ok) {
    throw new Error(`expected the server to take it over, found ${last.problems.join('; ')}`);
  }
  if (left.length > 0) {
    throw new Error(`expected everything in force, found a restart needed for ${left.join(', ')}`);
  }
}
