// The galleries of one organization on this replica: how many templates each holds and how far it may
// lag behind the database.

import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import { findExtractor } from './extractor.ts';
import type { BiometricsParts } from './parts.ts';
import type { Modality } from './template.ts';

export interface GalleryState {
  id: string;
  modality: Modality;
  extractor: string;
  size: number;
  searches: number;
  calibrationSource: 'synthetic' | 'measured' | null;
  kernel: 'usearch' | 'loop';
  /** null until it is loaded. */
  lagMs: number | null;
  stalenessMaxMs: number;
}

export function listGalleries(
  { gallery, follower, kernel, settings, extractors }: BiometricsParts,
  orgId: string,
  { after, limit }: PageRequest,
): Page<GalleryState> {
  const lagMs = follower.lagMs();
  const states = gallery
    .stats()
    .filter((each) => each.orgId === orgId)
    .map((each): GalleryState => {
      const { modality, extractor, templates: size, searches } = each;
      return {
        id: `${modality}/${extractor}`,
        modality,
        extractor,
        size,
        searches,
        calibrationSource: findExtractor(extractors, each)?.calibrationSource ?? null,
        kernel: kernel(),
        lagMs: Number.isFinite(lagMs) ? Math.round(lagMs) : null,
        stalenessMaxMs: settings.stalenessMaxMs,
      };
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .filter((state) => after === null || state.id > after);
  return toPage(states, limit);
}
