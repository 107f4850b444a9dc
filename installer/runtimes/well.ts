// Is what was started well? It must start, be ready, be the release that was meant, and stay ready for a
// soak. Asked from outside, by HTTP; what ended is not waited for.

import type { Config } from '../../config/load.ts';
import type { Host } from '../host/host.ts';

export interface WellBeing {
  /** Base URL of the REST listener. */
  api: string;
  /** Null when any release will do (going back). */
  build: ExpectedBuild | null;
  soakMs: number;
  startLimitMs: number;
  /** Null while it runs, or why it does not. */
  ended(): Promise<string | null>;
}

/** What is null cannot be told beforehand; that an appliance answers, and no stranger, is asked all the same. */
export interface ExpectedBuild {
  version: string | null;
  commit: string | null;
}

const PROBE_TIMEOUT_MS = 3_000;
const EVERY_MS = 250;

/** @throws Error with what was expected and what was found. */
export async function becomeWell(host: Host, being: WellBeing): Promise<void> {
  const endMs = host.clock.nowMs() + being.startLimitMs;
  for (const path of ['/startupz', '/readyz']) {
    for (;;) {
      const found = await look(host, being, path);
      if (found === null) break;
      if (host.clock.nowMs() > endMs) {
        throw new Error(`${path}: expected 200 within ${being.startLimitMs} ms, found ${found}`);
      }
      await host.clock.sleep(EVERY_MS);
    }
  }
  await requireBuild(host, being);
  const soakEndMs = host.clock.nowMs() + being.soakMs;
  while (host.clock.nowMs() < soakEndMs) {
    await host.clock.sleep(EVERY_MS);
    const found = await look(host, being, '/readyz');
    if (found !== null) {
      throw new Error(`/readyz: expected 200 for ${being.soakMs} ms, found ${found}`);
    }
  }
}

/** @returns null when the answer is 200, else what was found. Throws when the server has ended. */
async function look(host: Host, { api, ended }: WellBeing, path: string): Promise<string | null> {
  const why = await ended();
  if (why !== null) throw new Error(`expected the server to run, found ${why}`);
  const answer = await host.probe(`${api}${path}`, PROBE_TIMEOUT_MS);
  if (answer === null) return 'no answer';
  return answer.status === 200 ? null : `${answer.status} ${answer.body.slice(0, 500)}`;
}

async function requireBuild(host: Host, { api, build }: WellBeing): Promise<void> {
  if (build === null) return;
  const answer = await host.probe(`${api}/version`, PROBE_TIMEOUT_MS);
  const expected = `version ${build.version ?? 'any'}, commit ${build.commit ?? 'any'}`;
  const { version, commit } = answer === null ? NOBODY : buildIn(answer.body);
  const isSame =
    version !== null &&
    version === (build.version ?? version) &&
    commit === (build.commit ?? commit);
  if (!isSame) {
    throw new Error(`/version: expected ${expected}, found ${answer?.body ?? 'no answer'}`);
  }
}

const NOBODY: ExpectedBuild = { version: null, commit: null };

function buildIn(body: string): ExpectedBuild {
  try {
    const found = JSON.parse(body) as Record<string, unknown> | null;
    return { version: textOf(found?.['version']), commit: textOf(found?.['commit']) };
  } catch {
    // Somebody else listens there; the comparison says so.
    return NOBODY;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function apiUrl({ http }: Config): string {
  const everywhere = ['0.0.0.0', '::'].includes(http.host);
  const host = everywhere ? '127.0.0.1' : http.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
}
