// What the gallery of one organization looks like from outside.

import { findExtractor } from './extractor.ts';
import type { BiometricsParts } from './parts.ts';

export function galleryState(parts: BiometricsParts, orgId: string): object {
  const { gallery, follower, kernel, settings, extractors } = parts;
  const lagMs = follower.lagMs();
  const loaded = follower.loaded();
  return {
    kernel: kernel(),
    lag_ms: Number.isFinite(lagMs) ? Math.round(lagMs) : null,
    staleness_max_ms: settings.stalenessMaxMs,
    unreadable: follower.unreadable(),
    load_ms: loaded === null ? null : Math.round(loaded.tookMs),
    galleries: gallery
      .stats()
      .filter((each) => each.orgId === orgId)
      .map((each) => ({
        modality: each.modality,
        extractor: each.extractor,
        templates: each.templates,
        searches: each.searches,
        calibration_source: findExtractor(extractors, each)?.calibrationSource ?? null,
      })),
  };
}
