// Rules between the settings of appliance.yaml and those of its `config` section. Pure.

import type { ConfigProblem } from '../../config/problem.ts';
import type { Layer } from '../../config/reading.ts';
import type { ApplianceSettings } from './table.ts';

/** Settings the runtime itself decides. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  data_dir: 'no data_dir here: the runtime decides it (docs/box.md, What lies where)',
  'trust.root_file': 'no trust.root_file here: apply lays the trust root down',
};

export function refuseForbidden(
  settings: ApplianceSettings,
  own: Layer,
  server: Layer,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const { path, origin, value } of server.readings) {
    const expected = FORBIDDEN[path];
    if (expected !== undefined) problems.push({ ...origin, path, expected, found: 'one' });
    if (path === 'http.port' && value === 0) {
      const words = 'a port of its own from 1 to 65535, because probes must find it';
      problems.push({ ...origin, path, expected: words, found: 'the number 0' });
    }
  }
  problems.push(...plainHome(settings, own));
  for (const section of ['process', 'container', 'helm'] as const) {
    if (section === settings.runtime) continue;
    const stray = own.readings.find(({ path }) => path.startsWith(`${section}.`));
    if (stray === undefined) continue;
    problems.push({
      ...stray.origin,
      path: stray.path,
      expected: `settings of ${settings.runtime}, because runtime is ${settings.runtime}`,
      found: `settings of ${section}`,
    });
  }
  return problems;
}

/** It stands in units, shell lines and mount options, and what lies in it may be deleted one day. */
function plainHome(settings: ApplianceSettings, own: Layer): ConfigProblem[] {
  if (settings.runtime === 'helm') return [];
  const path = `${settings.runtime}.home`;
  const { home } = settings[settings.runtime];
  const expected = /^\/[\w./-]*$/.test(home)
    ? isOfTheSystem(home)
      ? 'a folder of its own, such as /opt/sallyport'
      : null
    : 'a path of letters, digits and . _ - / only';
  if (expected === null) return [];
  const origin = own.readings.find((reading) => reading.path === path)?.origin;
  const found = isOfTheSystem(home) ? `the system's own ${home}` : JSON.stringify(home);
  return [{ ...(origin ?? { source: 'default' }), path, expected, found }];
}

/** Neither these nor anything below them. */
const ALL_OF_THE_SYSTEM =
  /^\/(?:bin|boot|dev|etc|lib(?:32|64|x32)?|lost\+found|proc|run|sbin|sys)(?:\/|$)/;
/** These themselves; a folder below them may be an appliance's. */
const ROOTS = new Set([
  ...[
    '/',
    '/home',
    '/media',
    '/mnt',
    '/opt',
    '/root',
    '/srv',
    '/tmp',
    '/usr',
    '/usr/local',
    '/var',
  ],
  ...['backups', 'cache', 'lib', 'local', 'log', 'mail', 'opt', 'run', 'spool', 'tmp', 'www'].map(
    (name) => `/var/${name}`,
  ),
]);
const BELOW_USR = /^\/usr\/(?!local\/)|^\/usr\/local\/(?:bin|etc|include|lib|sbin|share|src)$/;

function isOfTheSystem(home: string): boolean {
  return ALL_OF_THE_SYSTEM.test(home) || ROOTS.has(home) || BELOW_USR.test(home);
}
