// The part of the values that the config table gives: the schema of `config` (without secrets and without
// what the chart decides) and of `secrets.settings`, and the list the templates read.

import { isSetting, type JsonSchema, type SettingsTable } from '../../config/setting.ts';
import { SENSITIVE_PATHS, SETTINGS, TABLE } from '../../config/table.ts';
import { objectName } from './value-schemas.ts';
import { value } from './value.ts';

/** Settings that follow from where the chart mounts things, each with what to use instead. */
export const OWNED_BY_CHART: Readonly<Record<string, string>> = {
  data_dir: 'persistence',
  'keys.file.path': 'keys.existingSecret',
  'bootstrap.api_key_file': 'keys.existingSecret',
  'gateway.tls.cert_file': 'gateway.tlsSecret',
  'gateway.tls.key_file': 'gateway.tlsSecret',
  'database.sqlite.file': 'persistence',
  'outside.ca_file': 'caBundle',
  'drill.fault_points': 'nothing: rehearsals do not run in a cluster',
};

export const configValue = value(
  'Settings of the server, in the words and the shape of docs/configuration.md. No secrets: they go to secrets.settings.',
  { database: { kind: 'sqlite' } },
  tableSchema(TABLE),
);

export const secretSettingsValue = value(
  'Secret settings by their path, each with the Secret (`secret`, default secrets.existingSecret) and its `key` (default the path), e.g. `database.postgres.app_password: { secret: db, key: password }`.',
  {},
  {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(SENSITIVE_PATHS.map((path) => [path, secretSchema(path)])),
  },
);

/** helm/sallyport/files/settings.yaml: what templates must know about settings. */
export function settingsForTemplates(): Readonly<Record<string, unknown>> {
  const live = [...SETTINGS.values()].filter((entry) => entry.live);
  return { secret: SENSITIVE_PATHS, owned: OWNED_BY_CHART, live: live.map((entry) => entry.path) };
}

/** Secrets and owned settings are let through as anything: a template refuses them and says why. */
function tableSchema(table: SettingsTable, prefix = ''): JsonSchema {
  const properties = Object.entries(table).map(([name, entry]): [string, JsonSchema] => {
    const path = `${prefix}${name}`;
    if (!isSetting(entry)) return [name, tableSchema(entry, `${path}.`)];
    if (entry.sensitive)
      return [name, { description: 'Refused here: name it in secrets.settings.' }];
    const owner = OWNED_BY_CHART[path];
    if (owner !== undefined) return [name, { description: `Refused here: use ${owner}.` }];
    return [name, { description: entry.doc, ...entry.format.jsonSchema }];
  });
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  };
}

function secretSchema(path: string): JsonSchema {
  return {
    description: SETTINGS.get(path)?.doc ?? '',
    type: 'object',
    additionalProperties: false,
    properties: {
      secret: objectName,
      key: { type: 'string', minLength: 1, pattern: '^[-._a-zA-Z0-9]+$' },
    },
  };
}
