// Who is this? One search among all templates of the organization and extractor, outside any
// transaction. Refuses (throws) when the gallery may lag too far behind the database; everything that is
// an answer about the probe is an outcome.

import type { World } from '../../shared/world.ts';
import { AppError } from '../../shared/errors.ts';
import type { Extractors } from './extractor.ts';
import { findExtractor } from './extractor.ts';
import type { Follower } from './gallery/follower.ts';
import type { Gallery } from './gallery/gallery.ts';
import { type Identification, judge, type Verdict } from './identification.ts';
import type { BiometricsSettings } from './settings.ts';
import type { Modality } from './template.ts';
import { thresholdOf } from './threshold.ts';
import { requireVector } from './vector.ts';

export interface IdentificationRequest {
  orgId: string;
  modality: Modality;
  extractor: string;
  /** As on the wire: base64 of little-endian float32. */
  vector: string;
  quality: number;
}

export interface IdentifyParts {
  world: Pick<World, 'monotonic'>;
  extractors: Extractors;
  gallery: Gallery;
  follower: Pick<Follower, 'lagMs'>;
  settings: BiometricsSettings;
}

export async function identify(
  { world, extractors, gallery, follower, settings }: IdentifyParts,
  request: IdentificationRequest,
  signal?: AbortSignal,
): Promise<Identification> {
  const startedAt = world.monotonic();
  const { orgId, modality, extractor: name } = request;
  const answer = (verdict: Verdict, threshold: number, gallerySize: number): Identification => ({
    ...verdict,
    threshold,
    gallerySize,
    modality,
    extractor: name,
    evidenceClass: 'appliance_1n',
    tookMs: world.monotonic() - startedAt,
  });
  const extractor = findExtractor(extractors, request);
  if (extractor === null) return answer(unsearched('unknown_extractor'), 0, 0);
  const query = requireVector(request.vector, extractor.dimensions, '/vector');
  if (request.quality < extractor.qualityMin) return answer(unsearched('poor_quality'), 0, 0);
  refuseStale(follower.lagMs(), settings.stalenessMaxMs);
  refuseLate(signal);

  const key = { orgId, modality, extractor: name };
  const gallerySize = gallery.size(key);
  const { falsePositiveRate, marginMin } = settings;
  const threshold = thresholdOf(extractor, { gallerySize, falsePositiveRate });
  const candidates = await gallery.search(key, query);
  refuseLate(signal);
  return answer(judge(candidates, { threshold, marginMin }), threshold, gallerySize);
}

function unsearched(outcome: 'unknown_extractor' | 'poor_quality'): Verdict {
  return { outcome, personId: null, score: null, margin: null };
}

/** Nobody waits for the answer any more: what follows from it must not happen. */
function refuseLate(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new AppError('deadline_passed', 'The deadline passed before the search had ended.');
  }
}

function refuseStale(lagMs: number, stalenessMaxMs: number): void {
  if (lagMs <= stalenessMaxMs) return;
  const found = Number.isFinite(lagMs) ? `${Math.round(lagMs)} ms behind` : 'not loaded yet';
  throw new AppError(
    'identification_stale',
    `Expected a gallery at most ${stalenessMaxMs} ms behind the database, found it ${found}.`,
    { retryAfterMs: 1_000 },
  );
}
