// The Veriff twin: a stateful stand-in for Veriff's station API, as a process of its own.

import { runTwin } from '../twin/run-twin.ts';
import { createVeriff } from './provider.ts';
import { webhookStyle } from './signature.ts';
import { TABLES } from './tables.ts';

// A base64 image of the largest size accepted, and its JSON around it.
const BODY_MAX_BYTES = 12_582_912;

await runTwin(
  {
    name: 'veriff',
    tables: TABLES,
    bodyMaxBytes: BODY_MAX_BYTES,
    flags: {
      'api-key': { doc: 'the key expected in X-AUTH-CLIENT', kind: 'text', required: true },
      'shared-secret': {
        doc: 'signs requests, answers and webhooks',
        kind: 'text',
        required: true,
      },
    },
    webhookStyle: (flags) => webhookStyle(flags.required('api-key')),
    webhookSecret: (flags) => flags.required('shared-secret'),
    create: createVeriff,
  },
  process.argv.slice(2),
);
