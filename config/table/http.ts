// Settings of the REST listener and its limits.

import { bytes, durationMs, host, optional, port, url } from '../formats.ts';
import { setting } from '../setting.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export const httpSettings = {
  host: setting({
    doc: 'The address the REST listener binds. It speaks plain HTTP: put TLS in front of it before binding more than loopback.',
    format: host,
    default: '127.0.0.1',
  }),
  port: setting({ doc: 'The port of the REST listener.', format: port, default: 8080 }),
  public_url: setting({
    doc: 'The address by which providers reach this appliance. Webhooks go to /v1/ingress/{provider_account_id} below it.',
    format: optional(url),
    default: null,
  }),
  body_limit_bytes: setting({
    doc: 'The largest body of an ordinary request.',
    format: bytes({ min: KIB, max: 64 * MIB }),
    default: MIB,
    live: true,
  }),
  header_limit_bytes: setting({
    doc: 'The largest sum of header lines.',
    format: bytes({ min: 4 * KIB, max: 256 * KIB }),
    default: 16 * KIB,
  }),
  import_body_limit_bytes: setting({
    doc: 'The largest body of a bulk import (NDJSON, read as a stream).',
    format: bytes({ min: KIB, max: 16 * 1024 * MIB }),
    default: 256 * MIB,
    live: true,
  }),
  import_line_limit_bytes: setting({
    doc: 'The largest line of a bulk import.',
    format: bytes({ min: 256, max: 16 * MIB }),
    default: 64 * KIB,
    live: true,
  }),
  request_timeout_ms: setting({
    doc: 'How long an ordinary request may take before it is answered with an error.',
    format: durationMs({ min: 100, max: 600_000 }),
    default: 30_000,
    live: true,
  }),
  drain_ms: setting({
    doc: 'How long a stopping server lets requests and messages in flight finish.',
    format: durationMs({ min: 0, max: 600_000 }),
    default: 20_000,
    live: true,
  }),
};
