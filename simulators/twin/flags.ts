// Command-line flags of a twin: one table each, unknown or wrong ones refused by name.

import { parseArgs } from 'node:util';

export type FlagKind = 'text' | 'port' | 'url' | 'switch';
export type FlagTable = Record<
  string,
  { doc: string; kind: FlagKind; required?: boolean; default?: string }
>;

export class FlagError extends Error {}

export type Flags = {
  text(name: string): string | undefined;
  required(name: string): string;
  port(name: string): number;
  isOn(name: string): boolean;
};

export const COMMON_FLAGS: FlagTable = {
  port: { doc: 'port the appliance talks to; 0 picks one', kind: 'port', default: '0' },
  'control-port': { doc: 'port of the control API; 0 picks one', kind: 'port', default: '0' },
  database: { doc: 'SQLite file that holds all state', kind: 'text', required: true },
  'api-host': { doc: 'address the API listens on', kind: 'text', default: '127.0.0.1' },
  'public-url': { doc: 'base URL of hosted pages, when not the listener itself', kind: 'url' },
  'webhook-url': { doc: 'where webhooks go', kind: 'url' },
  'end-with-stdin': { doc: 'end when standard input closes (the parent died)', kind: 'switch' },
  help: { doc: 'print this and end', kind: 'switch' },
};

export function parseFlags(argv: string[], table: FlagTable): Flags {
  const values = read(argv, table);
  const text = (name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : table[name]?.default;
  };
  const isOn = (name: string) => values[name] === true;
  if (!isOn('help')) {
    for (const [name, spec] of Object.entries(table)) check(name, spec, text(name));
  }
  return {
    text,
    isOn,
    required: (name) => text(name) ?? '',
    port: (name) => Number(text(name)),
  };
}

export function usage(twin: string, table: FlagTable): string {
  const lines = Object.entries(table).map(([name, spec]) => {
    const value = spec.kind === 'switch' ? '' : ` ${spec.kind.toUpperCase()}`;
    const note = spec.required === true ? ' (required)' : '';
    return `  --${name}${value}\n      ${spec.doc}${note}`;
  });
  return `node simulators/${twin}/main.ts\n${lines.join('\n')}\n`;
}

function read(argv: string[], table: FlagTable): Record<string, unknown> {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, spec]) => [
      name,
      { type: spec.kind === 'switch' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  try {
    return parseArgs({ args: argv, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new FlagError((error as Error).message, { cause: error });
  }
}

function check(name: string, spec: FlagTable[string], value: string | undefined): void {
  if (value === undefined) {
    if (spec.required === true) throw new FlagError(`--${name} is required: ${spec.doc}`);
    return;
  }
  if (value === '') throw new FlagError(`--${name}: expected a value, found nothing`);
  if (spec.kind === 'port' && !(/^\d{1,5}$/.test(value) && Number(value) <= 65535)) {
    throw new FlagError(`--${name}: expected a port from 0 to 65535, found "${value}"`);
  }
  if (spec.kind === 'url' && !isHttpUrl(value)) {
    throw new FlagError(`--${name}: expected an http or https URL, found "${value}"`);
  }
}

export function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}
