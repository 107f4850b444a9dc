// Values with every part of the chart switched on, once per database: what a change of any value is seen in.

export const POSTGRES_SECRETS = {
  existingSecret: 'secrets',
  settings: {
    'database.postgres.owner_password': {},
    'database.postgres.app_password': {},
    'database.postgres.engine_password': {},
  },
};

/** The least on Postgres. */
export const POSTGRES = {
  config: { database: { kind: 'postgres' } },
  secrets: POSTGRES_SECRETS,
};

const parts = {
  gateway: { tlsSecret: 'gateway-tls' },
  caBundle: { configMap: 'customer-ca' },
  ingress: { enabled: true, host: 'door.example.com', tlsSecret: 'door-tls' },
  serviceMonitor: { enabled: true },
};

export const ALL_ON_POSTGRES = {
  ...parts,
  replicas: 3,
  secrets: POSTGRES_SECRETS,
  config: {
    database: { kind: 'postgres' },
    providers: { stripe: { enabled: true } },
  },
};

export const ALL_ON_SQLITE = { ...parts, config: { database: { kind: 'sqlite' } } };
