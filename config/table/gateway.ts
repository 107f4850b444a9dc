// Settings of the device gateway: its own listener, which ends TLS itself.

import { bytes, durationMs, host, integer, listOf, optional, path, port } from '../formats.ts';
import { setting } from '../setting.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export const gatewaySettings = {
  host: setting({
    doc: 'The address the device gateway binds.',
    format: host,
    default: '0.0.0.0',
  }),
  port: setting({ doc: 'The port of the device gateway.', format: port, default: 8443 }),
  public_names: setting({
    doc: "Host names and IP addresses by which terminals reach the gateway; they go into the appliance's own certificate.",
    format: listOf(host, 32),
    default: ['localhost', '127.0.0.1'],
  }),
  tls: {
    cert_file: setting({
      doc: 'Certificate chain (PEM). null: the appliance issues one from its own authority.',
      format: optional(path),
      default: null,
    }),
    key_file: setting({
      doc: 'Private key (PEM) of that certificate.',
      format: optional(path),
      default: null,
    }),
  },
  max_payload_bytes: setting({
    doc: 'The largest frame a terminal may send.',
    format: bytes({ min: 4 * KIB, max: 16 * MIB }),
    default: 256 * KIB,
  }),
  auth_deadline_ms: setting({
    doc: 'How long a new connection has to present its signed hello.',
    format: durationMs({ min: 100, max: 120_000 }),
    default: 10_000,
    live: true,
  }),
  heartbeat_ms: setting({
    doc: 'Time between two pings of the server.',
    format: durationMs({ min: 100, max: 600_000 }),
    default: 25_000,
    live: true,
  }),
  pong_deadline_ms: setting({
    doc: 'How long a terminal has to answer a ping before its connection is closed.',
    format: durationMs({ min: 100, max: 120_000 }),
    default: 10_000,
    live: true,
  }),
  send_queue_bytes: setting({
    doc: 'Bytes that may wait for one slow terminal before its connection is closed; it resumes later.',
    format: bytes({ min: 16 * KIB, max: 256 * MIB }),
    default: MIB,
  }),
  connections_max: setting({
    doc: 'Connections of this process, signed in or not.',
    format: integer({ min: 1, max: 1_000_000 }, 'connections'),
    default: 10_000,
    live: true,
  }),
  connects_per_second: setting({
    doc: 'New connections taken per second; the others are told to come back.',
    format: integer({ min: 1, max: 100_000 }, 'connections'),
    default: 200,
    live: true,
  }),
  window_events: setting({
    doc: 'Events a terminal may have sent without an acknowledgement.',
    format: integer({ min: 1, max: 10_000 }, 'events'),
    default: 256,
    live: true,
  }),
  decide_deadline_ms_max: setting({
    doc: 'The longest time a terminal may give a decision.',
    format: durationMs({ min: 100, max: 60_000 }),
    default: 5_000,
  }),
};
