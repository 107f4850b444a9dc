// What the verbs and routes of biometrics are made of; built once in index.ts.

import type { World } from '../../shared/world.ts';
import type { Extractors } from './extractor.ts';
import type { Follower } from './gallery/follower.ts';
import type { Gallery } from './gallery/gallery.ts';
import type { OrgKeys } from './org-keys.ts';
import type { BiometricsSettings } from './settings.ts';

export interface BiometricsParts {
  world: Pick<World, 'monotonic'>;
  settings: BiometricsSettings;
  extractors: Extractors;
  keys: OrgKeys;
  gallery: Gallery;
  follower: Follower;
  /** What searches: the library, or the plain loop in its place. */
  kernel: () => 'usearch' | 'loop';
}
