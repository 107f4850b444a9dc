// The only door of biometrics: templates sealed at rest, the gallery in memory, and who somebody is.

import type { KekProvider } from '../../platform/crypto/kek.ts';
import type { OrgDatabase, OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { AnyRoute } from '../../platform/http/route.ts';
import type { Actor, ChangeFeed } from '../audit/index.ts';
import { enrolTemplate } from './enrol.ts';
import { createExtractors, type Extractor, requireExtractor } from './extractor.ts';
import { createFollower } from './gallery/follower.ts';
import { createGallery, type GalleryStats } from './gallery/gallery.ts';
import { createSearchPool } from './gallery/search-pool.ts';
import type { Identification } from './identification.ts';
import { identify, type IdentificationRequest } from './identify.ts';
import { createOrgKeys } from './org-keys.ts';
import type { BiometricsParts } from './parts.ts';
import { recordIdentification, type RecordedIdentification } from './record-identification.ts';
import { biometricsRoutes } from './routes.ts';
import type { BiometricsSettings } from './settings.ts';
import { nodeOfTemplate } from './store.ts';
import type { NodePredicate } from './store-identifications.ts';
import type { Modality, Template } from './template.ts';
import { requireVector } from './vector.ts';

export { erasePerson, eraseTemplate, eraseTemplatesOfConsent } from './erase.ts';
export type { CalibrationPoint, Extractor } from './extractor.ts';
export { SYNTHETIC_512 } from './extractors/synthetic-512.ts';
export type { Candidate, Identification, Outcome } from './identification.ts';
export type { IdentificationRequest } from './identify.ts';
export type { BiometricsSettings } from './settings.ts';
export type { Modality, Template } from './template.ts';

export interface BiometricsOptions {
  feed: ChangeFeed;
  kek: KekProvider;
  settings: BiometricsSettings;
  extractors: readonly Extractor[];
  /** The predicate of reach, handed in because access is not below biometrics. */
  nodeScope: NodePredicate;
}

export interface Capture {
  personId: string;
  modality: Modality;
  extractor: string;
  /** Base64 of little-endian float32, as on the wire. */
  vector: string;
  quality: number;
}

export interface Biometrics {
  /** Starts the search threads, loads the gallery and follows the database. Until then nobody is
   * identified. */
  startGallery(): Promise<void>;
  stopGallery(): Promise<void>;
  /** Opens its own transaction. */
  enrol(db: OrgDatabase, capture: Capture & { actor: Actor }): Promise<Template>;
  /** Fetches the organization's keys into memory; before a transaction that calls enrolFromDevice. */
  prepareOrg(orgId: string): Promise<void>;
  /** In the transaction of a device's command result. Throws `sealed` (try again) while the keys of the
   * organization are not in memory; store what it returns, never the vector. */
  enrolFromDevice(
    tx: Tx,
    capture: Capture & { deviceId: string },
  ): Promise<{ template_id: string; quality: number }>;
  identify(request: IdentificationRequest, signal?: AbortSignal): Promise<Identification>;
  /** Returns the id of the evidence. */
  recordIdentification(tx: Tx, recorded: RecordedIdentification): Promise<string>;
  /** A hint that an erasure or enrolment was committed; polling is the truth. */
  nudge(): void;
  stats(): { lagMs: number; unreadable: number; galleries: readonly GalleryStats[] };
  locators: Readonly<Record<'template', (db: OrgQueryable, id: string) => Promise<string | null>>>;
  routes: readonly AnyRoute[];
}

export function createBiometrics(deps: Deps, options: BiometricsOptions): Biometrics {
  const { feed, kek, settings, nodeScope } = options;
  const { log, world } = deps;
  const extractors = createExtractors(options.extractors);
  const keys = createOrgKeys(deps, kek);
  const pool = createSearchPool({ workers: settings.workers, log });
  const gallery = createGallery({ pool, galleryMax: settings.galleryMax, log });
  const follower = createFollower({ deps, feed, keys, gallery });
  const parts: BiometricsParts = {
    world,
    settings,
    extractors,
    keys,
    gallery,
    follower,
    kernel: pool.kernel,
  };
  const enrol = enrolVerbs(deps, parts);
  return {
    ...enrol,
    startGallery: async () => {
      await pool.start();
      await follower.start();
    },
    stopGallery: async () => {
      await follower.stop();
      await pool.stop();
    },
    prepareOrg: async (orgId) => void (await keys.ringOf(orgId)),
    identify: (request, signal) => identify(parts, request, signal),
    recordIdentification: async (tx, recorded) =>
      (await recordIdentification(deps, tx, recorded)).id,
    nudge: follower.nudge,
    stats: () => ({
      lagMs: follower.lagMs(),
      unreadable: follower.unreadable(),
      galleries: gallery.stats(),
    }),
    locators: { template: nodeOfTemplate },
    routes: biometricsRoutes(deps, parts, nodeScope),
  };
}

function enrolVerbs(
  deps: Deps,
  { extractors, keys, follower }: BiometricsParts,
): Pick<Biometrics, 'enrol' | 'enrolFromDevice'> {
  const read = (capture: Capture): { extractor: Extractor; vector: Float32Array } => {
    const extractor = requireExtractor(extractors, capture);
    return { extractor, vector: requireVector(capture.vector, extractor.dimensions, '/vector') };
  };
  return {
    enrol: async (db, { actor, ...capture }) => {
      const ring = await keys.ringOf(db.org);
      const wanted = { ...capture, ...read(capture), ring, actor };
      return db.begin(async (tx) => {
        tx.afterCommit(follower.nudge);
        return enrolTemplate(deps, tx, { ...wanted, source: 'api', deviceId: null });
      });
    },
    enrolFromDevice: async (tx, { deviceId, ...capture }) => {
      const ring = keys.ringAtHand(tx.org);
      const actor = { kind: 'device', id: deviceId };
      const wanted = { ...capture, ...read(capture), ring, actor };
      tx.afterCommit(follower.nudge);
      const made = await enrolTemplate(deps, tx, { ...wanted, source: 'device', deviceId });
      return { template_id: made.id, quality: made.quality };
    },
  };
}
