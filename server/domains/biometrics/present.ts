// Nouns of biometrics → JSON.

import { toRfc3339, toRfc3339OrNull } from '../../shared/instant.ts';
import type { GalleryState } from './list-galleries.ts';
import type { StoredIdentification } from './store-identifications.ts';
import type { Template } from './template.ts';

export function presentTemplate(template: Template): object {
  return {
    id: template.id,
    person_id: template.personId,
    consent_id: template.consentId,
    modality: template.modality,
    extractor: template.extractor,
    dimensions: template.dimensions,
    status: template.status,
    source: template.source,
    device_id: template.deviceId,
    quality: template.quality,
    created_at: toRfc3339(template.createdAt),
    erased_at: toRfc3339OrNull(template.erasedAt),
    version: template.version,
  };
}

export function presentIdentification(found: StoredIdentification): object {
  return {
    id: found.id,
    outcome: found.outcome,
    person_id: found.personId,
    score: found.score,
    margin: found.margin,
    threshold: found.threshold,
    gallery_size: found.gallerySize,
    modality: found.modality,
    extractor: found.extractor,
    evidence_class: found.evidenceClass,
    device_id: found.deviceId,
    node_id: found.nodeId,
    created_at: toRfc3339(found.createdAt),
  };
}

export function presentGallery(state: GalleryState): object {
  return {
    id: state.id,
    modality: state.modality,
    extractor: state.extractor,
    size: state.size,
    searches: state.searches,
    calibration_source: state.calibrationSource,
    kernel: state.kernel,
    lag_ms: state.lagMs,
    staleness_max_ms: state.stalenessMaxMs,
  };
}
