// `sallyport config explain`: what a setting means, what it may be, what it is here and who said so.

import type { Command } from 'commander';
import { valueText } from '../../config/compare.ts';
import {
  loadConfigWithWarnings,
  type ConfigSources,
  type LoadedConfig,
} from '../../config/load.ts';
import { nearest } from '../../config/nearest.ts';
import { originText } from '../../config/problem.ts';
import { SECTIONS, SETTINGS, type NamedSetting } from '../../config/table.ts';
import { readApplianceFile } from '../appliance-file/read.ts';
import { ExitError } from '../exit-codes.ts';
import { jsonOption } from './options.ts';

const SUGGESTIONS_MAX = 5;
const PROFILES = new URL('../../config/profiles/', import.meta.url).pathname;

interface Collectors {
  refuseBesideFile(options: Omit<Options, 'json'>): void;
  collectFile(file: string, before: string[]): string[];
  collectSetting(written: string, before: Record<string, string>): Record<string, string>;
}

interface Options {
  file?: string;
  config: string[];
  profile?: string;
  set: Record<string, string>;
  json: boolean;
}

export interface Explanation {
  path: string;
  env: string;
  doc: string;
  expected: string;
  /** JSON. */
  default: string;
  sensitive: boolean;
  /** Whether it changes while the server runs; absent where the table does not say. */
  live: boolean;
  /** JSON; of a sensitive one only whether it is set. */
  value: string;
  /** `site.yaml:3:5`, `environment SALLYPORT_…`, `profile single`, `default`, … */
  origin: string;
}

export function addConfigExplain(
  config: Command,
  { collectFile, collectSetting, refuseBesideFile }: Collectors,
): void {
  config
    .command('explain')
    .description('Explain a setting or a group: meaning, default, value here and who wrote it.')
    .argument('<path>', 'such as http.port, http or SALLYPORT_HTTP_PORT')
    .option('--file <file>', 'an appliance.yaml; its config section is looked at')
    .option('--config <file>', 'a YAML file of the server; may be given again', collectFile, [])
    .option('--profile <name>', 'evaluation, single, cluster or drill')
    .option('--set <path=value>', 'one setting; may be given again', collectSetting, {})
    .addOption(jsonOption())
    .action((path: string, options: Options) => {
      if (options.file !== undefined) refuseBesideFile(options);
      explain(path, options);
    });
}

function explain(path: string, options: Options): void {
  const settings = settingsNamed(path);
  const { file, config: files, profile, set: overrides, json } = options;
  const loaded =
    file === undefined
      ? loadConfigWithWarnings({
          files,
          overrides,
          ...(profile === undefined ? {} : { profile }),
        } satisfies ConfigSources)
      : loadAppliance(file);
  const explained = settings.map((setting) => explainSetting(setting, loaded, file !== undefined));
  if (json) process.stdout.write(`${JSON.stringify(explained)}\n`);
  else if (explained.length === 1) process.stdout.write(explained.map(whole).join(''));
  else process.stdout.write(explained.map(inOneLine).join(''));
}

/** By dotted path, by variable, or all of a group. */
function settingsNamed(path: string): NamedSetting[] {
  const all = [...SETTINGS.values()];
  const one = SETTINGS.get(path) ?? all.find(({ env }) => env === path);
  if (one !== undefined) return [one];
  if (SECTIONS.has(path)) return all.filter((setting) => setting.path.startsWith(`${path}.`));
  const near = nearest(
    path,
    path.startsWith('SALLYPORT_') ? all.map(({ env }) => env) : SETTINGS.keys(),
  );
  const word = path.split('.').at(-1) ?? path;
  const others = [...SETTINGS.keys()].filter((each) => word !== '' && each.includes(word));
  const suggestions = [...new Set(near === null ? others : [near, ...others])];
  const hint =
    suggestions.length === 0
      ? ''
      : `; did you mean ${suggestions.slice(0, SUGGESTIONS_MAX).join(', ')}?`;
  throw new ExitError(
    'badInput',
    `${path}: expected the name of a setting, found an unknown name${hint}`,
  );
}

function loadAppliance(file: string): LoadedConfig {
  const { written: readings, config } = readApplianceFile(file);
  return loadConfigWithWarnings({
    layers: [{ readings, problems: [], warnings: [], files: [], unreadable: false }],
    env: {},
    overrides: { data_dir: config.data_dir },
  });
}

function explainSetting(
  setting: NamedSetting,
  { config, readings }: LoadedConfig,
  isAppliance: boolean,
): Explanation {
  const { path, env, doc, format, sensitive, live } = setting;
  const value = valueText(config, setting);
  const reading = readings.findLast((each) => each.path === path);
  return {
    path,
    env,
    doc,
    expected: format.expected,
    default: JSON.stringify(setting.default),
    sensitive,
    live,
    value: sensitive ? (['null', '[]'].includes(value) ? 'not set' : 'set (not shown)') : value,
    origin: reading === undefined ? 'default' : originWords(reading.origin, isAppliance),
  };
}

function originWords(
  origin: { source: string; line?: number; column?: number },
  isAppliance: boolean,
): string {
  if (origin.source.startsWith(PROFILES)) {
    return `profile ${origin.source.slice(PROFILES.length).replace(/\.yaml$/, '')}`;
  }
  return isAppliance && origin.source === 'option' ? 'the runtime' : originText(origin);
}

function whole(explained: Explanation): string {
  const { path, env, doc, expected, sensitive, live, value, origin } = explained;
  const rows = [
    ['expected', expected],
    ['default', explained.default],
    ['variable', env + (sensitive ? ` or ${env}_FILE` : '')],
    ...(sensitive ? [['secret', 'yes: never printed']] : []),
    ...(live === undefined
      ? []
      : [['live', live ? 'yes: changes while the server runs' : 'no: needs a restart']]),
    ['value', value],
    ['from', origin],
  ];
  return `${path}\n  ${doc}\n${rows.map(([name = '', text = '']) => `  ${name.padEnd(9)}${text}\n`).join('')}`;
}

function inOneLine({ path, value, origin }: Explanation): string {
  return `${path} = ${value}  (${origin})\n`;
}
