// What one setting is, and how a table of settings becomes a type. No values, no reading.

/**
 * A rule for one value. Called, it throws an Error that says what was expected (convict's shape).
 * `fromText` reads the text of an environment variable; what it cannot read it hands back unchanged,
 * so that `accepts` refuses it.
 */
export interface Format<T> {
  (value: unknown): void;
  readonly expected: string;
  readonly accepts: (value: unknown) => value is T;
  readonly fromText: (text: string) => unknown;
  /** A path: relative ones are resolved by the loader. */
  readonly isPath: boolean;
  /** A list: its items may each come from a file. */
  readonly isList: boolean;
  /** The same rule as JSON Schema, as far as that language can say it. */
  readonly jsonSchema: JsonSchema;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Setting<T> {
  readonly doc: string;
  readonly format: Format<T>;
  readonly default: T;
  /** Never printed, logged or put into a support bundle. May come from a file. */
  readonly sensitive: boolean;
  /** Changes while the server runs, without a restart. */
  readonly live: boolean;
}

export interface SettingsTable {
  readonly [name: string]: Setting<unknown> | SettingsTable;
}

/** The values of a table: the same tree with each setting replaced by its value. */
export type ValuesOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends Setting<infer Value>
    ? Value
    : ValuesOf<Table[Name]>;
};

export function setting<T>(parts: {
  doc: string;
  format: Format<T>;
  default: NoInfer<T>;
  sensitive?: boolean;
  live?: boolean;
}): Setting<T> {
  return { sensitive: false, live: false, ...parts };
}

export function isSetting(entry: Setting<unknown> | SettingsTable): entry is Setting<unknown> {
  return typeof entry['format'] === 'function';
}
