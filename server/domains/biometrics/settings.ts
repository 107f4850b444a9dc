// What the configuration says about identification (config: identification.*).

export interface BiometricsSettings {
  /** The share of searches by people who are not enrolled that may return anyone. */
  falsePositiveRate: number;
  /** How much better than the second person the best must be. */
  marginMin: number;
  /** Search threads. */
  workers: number;
  stalenessMaxMs: number;
  /** Templates of one gallery. */
  galleryMax: number;
}
