// People and biometrics as compose joins them, on a test database, behind a real HTTP listener.

import { until } from '../../support/until.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeScope } from '../../../server/domains/access/index.ts';
import { createAudit, createChangeFeed } from '../../../server/domains/audit/index.ts';
import {
  type Biometrics,
  type BiometricsSettings,
  createBiometrics,
  eraseTemplatesOfConsent,
  type Extractor,
  SYNTHETIC_512,
} from '../../../server/domains/biometrics/index.ts';
import { createPeople } from '../../../server/domains/people/index.ts';
import { openKekFile } from '../../../server/platform/crypto/kek-file.ts';
import type { KekProvider } from '../../../server/platform/crypto/kek.ts';
import type { Deps } from '../../../server/platform/deps.ts';
import { startTestHttp, type TestHttp, type TestResponse } from '../../support/http.ts';

export const TEST_SETTINGS: BiometricsSettings = {
  falsePositiveRate: 0.0001,
  marginMin: 0.03,
  workers: 1,
  stalenessMaxMs: 2_000,
  galleryMax: 100_000,
};

export interface Rig {
  biometrics: Biometrics;
  kek: KekProvider;
  http: TestHttp;
  /** One more replica's biometrics on the same keys. */
  another(deps: Deps, settings?: Partial<BiometricsSettings>): Biometrics;
  close(): Promise<void>;
}

export interface RigOptions {
  settings?: Partial<BiometricsSettings>;
  extractors?: readonly Extractor[];
  /** `false`: the gallery is not loaded. */
  gallery?: boolean;
}

export async function startRig(deps: Deps, options: RigOptions = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
  const kek = openKekFile(join(folder, 'keys.json'), deps.world);
  const another: Rig['another'] = (otherDeps, settings = {}) =>
    createBiometrics(otherDeps, {
      feed: createChangeFeed(otherDeps.databases.engine),
      kek,
      settings: { ...TEST_SETTINGS, ...options.settings, ...settings },
      extractors: options.extractors ?? [SYNTHETIC_512],
      nodeScope,
    });
  const biometrics = another(deps);
  const people = createPeople(deps, {
    whenWithdrawn: (tx, withdrawal) => eraseTemplatesOfConsent(deps, tx, withdrawal),
  });
  const http = await startTestHttp(deps, {
    routes: [...createAudit(deps, nodeScope).routes, ...people.routes, ...biometrics.routes],
    locators: { ...people.locators, ...biometrics.locators },
  });
  if (options.gallery !== false) {
    await biometrics.startGallery();
    await until('the gallery', () => Number.isFinite(biometrics.stats().lagMs));
  }
  return {
    biometrics,
    kek,
    http,
    another,
    close: async () => {
      await http.close();
      await biometrics.stopGallery();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const CONSENT = {
  purpose: 'biometric_identification',
  text_version: '2026-11/en',
  method: 'signature',
  given_at: '2026-11-01T08:00:00Z',
};

/** Sends rows to the bulk import as one NDJSON body. */
export function postRows(
  http: TestHttp,
  key: string,
  rows: Iterable<string | object>,
): Promise<TestResponse> {
  const lines = Array.from(rows, (row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  return http.request('POST', '/v1/people/import', {
    key,
    body: lines.join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  });
}
