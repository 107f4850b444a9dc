// How the configuration in force came to be, as a page and as numbers. Names of settings and problems with
// file and line; the loader keeps values of secrets out of them.

import type { Metrics } from '../../platform/metrics/metrics.ts';
import { toRfc3339 } from '../../shared/instant.ts';
import type { Instant } from '../../shared/world.ts';

export interface ConfigState {
  /** 1 at the start, one more with each reload that changed something. */
  generation: number;
  /** Since when this generation is in force. */
  loadedAt: Instant;
  lastReload: {
    ok: boolean;
    at: Instant;
    /** `site.yaml:3:5 http.prot: expected …, found …` */
    problems: readonly string[];
  };
  lastSuccessAt: Instant;
  /** Settings that are written differently than they are in force. */
  restartNeeded: readonly string[];
}

export function presentConfig(state: ConfigState, digest: string): Record<string, unknown> {
  const { ok, at, problems } = state.lastReload;
  return {
    digest,
    generation: state.generation,
    loaded_at: toRfc3339(state.loadedAt),
    last_reload: { ok, at: toRfc3339(at), problems },
    restart_needed: state.restartNeeded,
  };
}

export function createConfigMetrics(
  metrics: Metrics,
  of: { state: () => ConfigState; digest: () => string },
): void {
  const seconds = (at: Instant): number => at / 1_000;
  const gauge = (name: string, help: string, read: (state: ConfigState) => number): void =>
    void metrics.gauge({
      name: `sallyport_config_${name}`,
      help,
      collect: (each) => each.set(read(of.state())),
    });
  gauge('last_reload_success', '1 when the configuration was right when it was last read.', (now) =>
    now.lastReload.ok ? 1 : 0,
  );
  gauge('last_success_seconds', 'Unix time at which the configuration was last right.', (now) =>
    seconds(now.lastSuccessAt),
  );
  gauge(
    'generation',
    '1 at the start, one more with each change that took effect.',
    (now) => now.generation,
  );
  gauge(
    'restart_needed',
    'Settings that were changed and wait for a restart.',
    (now) => now.restartNeeded.length,
  );
  metrics.gauge({
    name: 'sallyport_config_info',
    help: 'Always 1; the label tells configurations apart, the same on every replica.',
    labels: ['digest'],
    collect: (each) => {
      each.reset();
      each.set({ digest: of.digest() }, 1);
    },
  });
}
