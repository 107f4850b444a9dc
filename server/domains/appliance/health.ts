// Is it alive, has it started, can it serve? Liveness asks nothing of others: restarting this process
// would not mend a database. Readiness asks every check and names the one that failed.

import { jsonAnswer, type Page } from '../../platform/http/index.ts';
import { toError } from '../../shared/errors.ts';
import { pause, type World } from '../../shared/world.ts';

export interface ReadinessCheck {
  name: string;
  /** Throws when not ready; the message is shown. Must be quick and cheap. */
  check(): Promise<void>;
}

export interface HealthFacts {
  build: { version: string; commit: string };
  checks: readonly ReadinessCheck[];
  /** Not `serving`: this process is stopping. */
  draining: { readonly phase: 'serving' | 'notice' | 'closing' };
  /** True once everything has been started. */
  started(): boolean;
  /** Of `?verbose`, beside the checks: never decides whether this process is ready. */
  detail?: () => Readonly<Record<string, unknown>>;
}

export interface CheckResult {
  name: string;
  ok: boolean;
  detail: string;
}

/** A check that hangs is a check that failed. */
const CHECK_LIMIT_MS = 2_000;

export function healthPages(world: World, facts: HealthFacts): readonly Page[] {
  return [
    quiet('/livez', async () => jsonAnswer(200, { status: 'alive' })),
    quiet('/startupz', async () => {
      const started = facts.started();
      return jsonAnswer(started ? 200 : 503, { status: started ? 'started' : 'starting' });
    }),
    quiet('/readyz', async (_name, query) => {
      const checks = await readiness(world, facts);
      const ready = checks.every((check) => check.ok);
      const detail = query.has('verbose') ? facts.detail?.() : {};
      const status = ready ? 'ready' : 'not_ready';
      return jsonAnswer(ready ? 200 : 503, { status, checks, ...detail });
    }),
    { path: '/version', logged: true, answer: async () => jsonAnswer(200, facts.build) },
  ];
}

export async function readiness(world: World, facts: HealthFacts): Promise<readonly CheckResult[]> {
  const own: CheckResult[] = [
    { name: 'started', ok: facts.started(), detail: facts.started() ? 'yes' : 'still starting' },
    {
      name: 'serving',
      ok: facts.draining.phase === 'serving',
      detail: facts.draining.phase === 'serving' ? 'yes' : 'stopping',
    },
  ];
  return [...own, ...(await Promise.all(facts.checks.map((check) => look(world, check))))];
}

async function look(world: World, { name, check }: ReadinessCheck): Promise<CheckResult> {
  const limit = new AbortController();
  const late = pause(world.timers, CHECK_LIMIT_MS, limit.signal).then(() => {
    throw new Error(`no answer within ${CHECK_LIMIT_MS} ms`);
  });
  // The loser of the race ends too, without a listener of its own.
  late.catch(() => undefined);
  try {
    await Promise.race([check(), late]);
    return { name, ok: true, detail: 'ok' };
  } catch (thrown) {
    return { name, ok: false, detail: toError(thrown).message };
  } finally {
    limit.abort();
  }
}

/** Probes come every few seconds; only their failures are worth a line. */
function quiet(path: string, answer: Page['answer']): Page {
  return { path, logged: false, answer };
}
