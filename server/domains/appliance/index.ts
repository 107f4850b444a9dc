// The only door of appliance: what this process is and how it is.

export { type Build, readBuild } from './build.ts';
export { type HealthFacts, healthPages, type ReadinessCheck } from './health.ts';
export { metricsPage } from './metrics-page.ts';
