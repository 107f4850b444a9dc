// Numbers of the gateway. Labels are codes, kinds and states; never a device.

import type { Metrics } from '../../../platform/metrics/metrics.ts';

export interface GatewayMetrics {
  events(status: string, count: number): void;
  decision(answered: { kind: string; decision: string; tookMs: number }): void;
  closed(code: number): void;
  refused(status: number): void;
}

export function createGatewayMetrics(
  metrics: Metrics | undefined,
  connections: () => number,
): GatewayMetrics {
  if (metrics === undefined) return SILENT;
  metrics.gauge({
    name: 'sallyport_device_connections',
    help: 'Open connections of devices at this process.',
    collect: (gauge) => gauge.set(connections()),
  });
  const events = metrics.counter({
    name: 'sallyport_device_events_total',
    help: 'Events received from devices.',
    labels: ['status'],
  });
  const decisions = metrics.histogram({
    name: 'sallyport_device_decision_duration_seconds',
    help: 'From the arrival of a question to its answer.',
    labels: ['kind', 'decision'],
  });
  const closes = metrics.counter({
    name: 'sallyport_device_closes_total',
    help: 'Connections of devices that ended, by close code.',
    labels: ['code'],
  });
  const refusals = metrics.counter({
    name: 'sallyport_device_upgrades_refused_total',
    help: 'Connections refused before the upgrade, by status.',
    labels: ['status'],
  });
  return {
    events: (status, count) => events.inc({ status }, count),
    decision: ({ kind, decision, tookMs }) => decisions.observe({ kind, decision }, tookMs / 1_000),
    closed: (code) => closes.inc({ code: code >= 4_000 ? code : Math.min(code, 1_015) }),
    refused: (status) => refusals.inc({ status }),
  };
}

const SILENT: GatewayMetrics = {
  events: () => undefined,
  decision: () => undefined,
  closed: () => undefined,
  refused: () => undefined,
};
