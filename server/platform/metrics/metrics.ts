// Numbers in Prometheus' format, from one registry that is handed around. Labels are patterns, kinds and
// states: never an id, a path or a person.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricSpec {
  /** `sallyport_…`, or the name of the field's convention; with its unit. */
  name: string;
  help: string;
  labels?: readonly string[];
}

export interface Metrics {
  registry: Registry;
  counter(spec: MetricSpec): Counter;
  /** `collect` is asked at each scrape. */
  gauge(spec: MetricSpec & { collect?: (gauge: Gauge) => void | Promise<void> }): Gauge;
  histogram(spec: MetricSpec & { buckets?: readonly number[] }): Histogram;
  /** The histogram that the http room observes. */
  requestDuration: Histogram;
}

/** From a cached read to a request at its deadline. */
export const LATENCY_BUCKETS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

export function createMetrics(build: { version: string; commit: string }): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter: Metrics['counter'] = (spec) =>
    new Counter({ ...base(spec), registers: [registry] });
  const gauge: Metrics['gauge'] = ({ collect, ...spec }) => {
    const made: Gauge = new Gauge({
      ...base(spec),
      registers: [registry],
      ...(collect === undefined ? {} : { collect: () => collect(made) }),
    });
    return made;
  };
  const histogram: Metrics['histogram'] = ({ buckets, ...spec }) =>
    new Histogram({
      ...base(spec),
      buckets: [...(buckets ?? LATENCY_BUCKETS_SECONDS)],
      registers: [registry],
    });
  gauge({
    name: 'sallyport_build_info',
    help: 'Always 1; the labels say what runs.',
    labels: ['version', 'commit'],
  }).set(build, 1);
  const requestDuration = histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the first byte read to the answer being ready.',
    labels: ['method', 'route', 'status'],
  });
  return { registry, counter, gauge, histogram, requestDuration };
}

function base(spec: MetricSpec): { name: string; help: string; labelNames: string[] } {
  return { name: spec.name, help: spec.help, labelNames: [...(spec.labels ?? [])] };
}

/** Open, idle and waiting connections, asked of the database room at each scrape. */
export function measureConnections(
  metrics: Metrics,
  connections: () => Readonly<Record<string, number>>,
): void {
  metrics.gauge({
    name: 'db_pool_connections',
    help: 'Database connections by state.',
    labels: ['state'],
    collect: (gauge) => {
      for (const [state, count] of Object.entries(connections())) gauge.set({ state }, count);
    },
  });
}
