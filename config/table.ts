// The one table of settings: each with its doc, format, default, environment variable and whether it is
// sensitive. Everything else about configuration (loader, errors, reference page, redaction) reads it.

import { isSetting, type Setting, type SettingsTable, type ValuesOf } from './setting.ts';
import { applianceSettings } from './table/appliance.ts';
import { identificationSettings, kycSettings, paymentsSettings } from './table/business.ts';
import { databaseSettings } from './table/database.ts';
import { inboxSettings, outboxSettings } from './table/exchange.ts';
import { gatewaySettings } from './table/gateway.ts';
import { httpSettings } from './table/http.ts';
import { outsideSettings } from './table/outside.ts';
import { providersSettings } from './table/providers.ts';

export const TABLE = {
  ...applianceSettings,
  http: httpSettings,
  gateway: gatewaySettings,
  database: databaseSettings,
  identification: identificationSettings,
  outbox: outboxSettings,
  inbox: inboxSettings,
  payments: paymentsSettings,
  kyc: kycSettings,
  outside: outsideSettings,
  providers: providersSettings,
} satisfies SettingsTable;

/** The loaded configuration: frozen, snake_case as in the files, paths absolute. */
export type Config = ValuesOf<typeof TABLE>;

export interface NamedSetting extends Setting<unknown> {
  /** `http.body_limit_bytes` */
  readonly path: string;
  /** `SALLYPORT_HTTP_BODY_LIMIT_BYTES` */
  readonly env: string;
}

export const ENV_PREFIX = 'SALLYPORT_';

/** Every setting by its dotted path, in the table's order. */
export const SETTINGS: ReadonlyMap<string, NamedSetting> = new Map(
  namedSettings(TABLE).map((entry) => [entry.path, entry]),
);

/** Every group of settings: `database`, `database.postgres`, … */
export const SECTIONS: ReadonlySet<string> = new Set(
  [...SETTINGS.keys()].flatMap((path) => parentsOf(path)),
);

/** Paths whose values must never be logged; the redaction list of the logger starts from them. */
export const SENSITIVE_PATHS: readonly string[] = [...SETTINGS.values()]
  .filter((entry) => entry.sensitive)
  .map((entry) => entry.path);

/** The table as convict wants it: the same tree, each setting with its environment variable. */
export function convictSchema(table: SettingsTable = TABLE, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).map(([name, entry]) => [
      name,
      isSetting(entry)
        ? { ...entry, env: environmentName(`${prefix}${name}`) }
        : convictSchema(entry, `${prefix}${name}.`),
    ]),
  );
}

/** The settings of a table with their paths, in its order. */
export function namedSettings(table: SettingsTable, prefix = ''): NamedSetting[] {
  return Object.entries(table).flatMap(([name, entry]) => {
    const path = `${prefix}${name}`;
    return isSetting(entry)
      ? [{ ...entry, path, env: environmentName(path) }]
      : namedSettings(entry, `${path}.`);
  });
}

function environmentName(path: string): string {
  return ENV_PREFIX + path.toUpperCase().replaceAll('.', '_');
}

function parentsOf(path: string): string[] {
  const parts = path.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}
