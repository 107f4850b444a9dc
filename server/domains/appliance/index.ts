// The only door of appliance: what this process is and how it is.

export { type Build, readBuild } from './build.ts';
export { type ConfigState, createConfigMetrics, presentConfig } from './config-state.ts';
export { type HealthFacts, healthPages, type ReadinessCheck } from './health.ts';
export { metricsPage } from './metrics-page.ts';
