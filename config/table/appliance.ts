// Settings of the appliance as a whole: where its data lies, how it logs, its keys, its first organization.

import { days, flag, integer, oneOf, optional, path, text } from '../formats.ts';
import { setting } from '../setting.ts';

export const applianceSettings = {
  profile: setting({
    doc: 'Which set of defaults lies under the configuration files (config/profiles).',
    format: oneOf('evaluation', 'single', 'cluster', 'drill'),
    default: 'evaluation',
  }),
  data_dir: setting({
    doc: 'The folder of everything the appliance writes. Relative to the working directory; every other relative path in the configuration is relative to this folder.',
    format: path,
    default: 'data',
  }),
  log: {
    level: setting({
      doc: 'The least important line that is written.',
      format: oneOf('debug', 'info', 'warn', 'error'),
      default: 'info',
      live: true,
    }),
    pretty: setting({
      doc: 'Lines for people instead of one JSON object per line.',
      format: flag,
      default: false,
    }),
  },
  metrics: {
    enabled: setting({
      doc: 'Serve /metrics in the Prometheus text format.',
      format: flag,
      default: true,
      live: true,
    }),
  },
  keys: {
    provider: setting({
      doc: 'Who holds the key-encryption keys.',
      format: oneOf('file'),
      default: 'file',
    }),
    file: {
      path: setting({
        doc: 'The file of the key-encryption keys. Every replica needs the same one; a backup without it is unreadable.',
        format: path,
        default: 'keys.json',
      }),
    },
  },
  trust: {
    root_file: setting({
      doc: 'The trust root for signed releases, laid down at install. Its digest lies beside it (root.sha256); the server does not start when they differ. null: none was laid down.',
      format: optional(path),
      default: null,
    }),
  },
  bootstrap: {
    organization: setting({
      doc: 'Name of the organization that is created at the first start, when there is none. null creates none.',
      format: optional(text(200)),
      default: null,
    }),
    api_key_file: setting({
      doc: 'Where the API key of that first organization is written, readable by the owner only. If the file exists, the key in it is used.',
      format: path,
      default: 'bootstrap-api-key',
    }),
  },
  api: {
    idempotency_days: setting({
      doc: 'How long an answer is kept for its Idempotency-Key.',
      format: days({ min: 1, max: 90 }),
      default: 7,
      live: true,
    }),
    page_limit_default: setting({
      doc: 'Rows of a page when the request does not say.',
      format: integer({ min: 1, max: 1000 }, 'rows'),
      default: 50,
    }),
    page_limit_max: setting({
      doc: 'The most rows a page may have; a larger wish is cut to this.',
      format: integer({ min: 1, max: 1000 }, 'rows'),
      default: 200,
    }),
  },
  drill: {
    fault_points: setting({
      doc: 'A file by which a rehearsal stops the server at a named point, to kill it there. Only in the drill profile.',
      format: optional(path),
      default: null,
    }),
  },
};
