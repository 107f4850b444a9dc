// The noun: a template is what an extractor made of a person's face, finger or palm. Sealed at rest
// under the person's own key, in clear only in the memory of the gallery. Never in a log or an answer.

import type { Instant } from '../../shared/world.ts';

export const MODALITIES = ['face', 'fingerprint', 'palm'] as const;
export type Modality = (typeof MODALITIES)[number];

export interface Template {
  id: string;
  personId: string;
  consentId: string;
  modality: Modality;
  /** Name and version of what made it: templates of two extractors are never compared. */
  extractor: string;
  dimensions: number;
  status: 'active' | 'erased';
  source: 'api' | 'device' | 'import';
  deviceId: string | null;
  /** 0–100, as the extractor judged the capture. */
  quality: number;
  createdAt: Instant;
  erasedAt: Instant | null;
  version: number;
}

/** More views of one face help little, and the margin is measured between persons. */
export const TEMPLATES_PER_PERSON_MAX = 10;

/** What a gallery holds: one organization's templates of one extractor. */
export interface GalleryKey {
  orgId: string;
  modality: Modality;
  extractor: string;
}
