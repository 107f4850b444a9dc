// Settings of the database. Durability is not for sale: there is no setting that answers before the disk has.

import {
  durationMs,
  host,
  integer,
  oneOf,
  optional,
  path,
  port,
  secret,
  text,
} from '../formats.ts';
import { setting } from '../setting.ts';

const identifier = text(63, {
  regexp: /^[a-z_][a-z0-9_]{0,62}$/,
  words: 'a Postgres name: lower-case letters, digits and _, up to 63, not starting with a digit',
});

const password = (who: string) =>
  setting({
    doc: `Password of ${who}.`,
    format: optional(secret),
    default: null,
    sensitive: true,
  });

export const databaseSettings = {
  kind: setting({
    doc: 'Which database holds the data.',
    format: oneOf('sqlite', 'postgres'),
    default: 'sqlite',
  }),
  group_wait_ms: setting({
    doc: 'SQLite: how long a commit waits for others to share its flush to the disk.',
    format: durationMs({ min: 0, max: 100 }),
    default: 2,
  }),
  group_max: setting({
    doc: 'SQLite: how many callers share one commit.',
    format: integer({ min: 1, max: 1000 }, 'callers'),
    default: 50,
  }),
  sqlite: {
    file: setting({
      doc: 'The database file. It must lie on a local disk.',
      format: path,
      default: 'sallyport.db',
    }),
    synchronous: setting({
      doc: 'FULL flushes at each commit, EXTRA the folder too. Weaker values would answer before the disk has.',
      format: oneOf('FULL', 'EXTRA'),
      default: 'FULL',
    }),
  },
  postgres: {
    host: setting({
      doc: 'Host of the Postgres server. Session pooling is needed if a pooler is between.',
      format: host,
      default: '127.0.0.1',
    }),
    port: setting({
      doc: 'Port of the Postgres server.',
      format: port,
      default: 5432,
    }),
    name: setting({ doc: 'Name of the database.', format: identifier, default: 'sallyport' }),
    owner_user: setting({
      doc: 'The role that owns the tables; used by migrations only.',
      format: identifier,
      default: 'sallyport_owner',
    }),
    owner_password: password('the owner; only the migrate role needs it'),
    app_user: setting({
      doc: 'The role that serves one organization at a time, under row-level security.',
      format: identifier,
      default: 'sallyport_app',
    }),
    app_password: password('the app role'),
    engine_user: setting({
      doc: 'The role that crosses organizations by named statements (outbox, inbox, template load).',
      format: identifier,
      default: 'sallyport_engine',
    }),
    engine_password: password('the engine role'),
    pool_max: setting({
      doc: 'Connections of the app role per process.',
      format: integer({ min: 1, max: 500 }, 'connections'),
      default: 10,
    }),
    engine_pool_max: setting({
      doc: 'Connections of the engine role per process.',
      format: integer({ min: 1, max: 500 }, 'connections'),
      default: 6,
    }),
    tls: {
      mode: setting({
        doc: 'How the connection is protected. disable: not at all; require: encrypted, but the server is not checked; verify_full: the certificate and its name are checked.',
        format: oneOf('disable', 'require', 'verify_full'),
        default: 'verify_full',
      }),
      ca_file: setting({
        doc: "The authority (PEM) that signed the server's certificate. null: those of Node.",
        format: optional(path),
        default: null,
      }),
    },
    statement_timeout_ms: setting({
      doc: 'The longest a statement may run.',
      format: durationMs({ min: 100, max: 3_600_000 }),
      default: 15_000,
    }),
  },
};
