// One process, one role: `all`, `api`, `gateway` and `worker` serve until a signal (SIGHUP reads the
// configuration anew); `migrate` brings the database up; `check` builds everything, opens nothing and
// prints the steps and the routes.

import { mkdirSync } from 'node:fs';
import { MIGRATIONS } from '../migrations/index.ts';
import {
  type Config,
  ConfigError,
  loadConfigWithWarnings,
  type LoadedConfig,
} from '../config/load.ts';
import { expiryWarning, verifyTrustRoot } from '../config/trust-root.ts';
import { compose, type ServingRole } from './compose.ts';
import { databaseSettings } from './database-settings.ts';
import type { DatabaseSettings } from './platform/database/connect.ts';
import type { MigrationReport } from './platform/database/migrate.ts';
import { followConfig } from './follow-config.ts';
import { createLiveConfig } from './live-config.ts';
import { isBehind } from './platform/database/is-behind.ts';
import { NEWER_SCHEMA } from './platform/database/schema-version.ts';
import { refuseHalfRestored } from './refuse-half-restored.ts';
import { lockSqlite } from './platform/database/sqlite-lock.ts';
import { realWorld } from './real-world.ts';
import { type Seams, seamsOf } from './seams.ts';
import { explainStart } from './start-problem.ts';

const SERVING = ['all', 'api', 'gateway', 'worker'] as const satisfies readonly ServingRole[];
const USAGE = 'usage: node server/main.ts [all|api|gateway|worker|migrate|check] [--config FILE]…';

export async function runRole(
  argv: readonly string[],
  makeSeams: (config: Config) => Seams = seamsOf,
): Promise<number> {
  const asked = readArguments(argv);
  if (asked === null) {
    console.error(USAGE);
    return 2;
  }
  const load = (): LoadedConfig => loadConfigWithWarnings({ files: asked.files });
  let loaded: LoadedConfig;
  try {
    loaded = load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return 2;
  }
  try {
    mkdirSync(loaded.config.data_dir, { recursive: true, mode: 0o700 });
    return await start(asked.role, loaded, { load, makeSeams });
  } catch (error) {
    console.error(`Sallyport did not start: ${explainStart(error, loaded.config)}`);
    return 1;
  }
}

async function start(
  role: string,
  loaded: LoadedConfig,
  { load, makeSeams }: { load: () => LoadedConfig; makeSeams: (config: Config) => Seams },
): Promise<number> {
  const { config, warnings } = loaded;
  refuseHalfRestored(config.data_dir);
  const trust = config.trust.root_file === null ? null : verifyTrustRoot(config.trust.root_file);
  const settings = databaseSettings(config);
  if (role === 'migrate') {
    const { applied, current, newer } = await migrate(settings);
    const notice = newer.length === 0 ? {} : { newer, notice: NEWER_SCHEMA };
    console.log(JSON.stringify({ migrated: applied, current, ...notice }));
    return 0;
  }
  // One machine has nobody else who would migrate; replicas wait for the migration's own job. A check is made
  // beside a server that runs, and changes nothing under it.
  const alone = settings.kind === 'sqlite' && role !== 'check';
  const lock = alone ? lockSqlite(settings.file, process.pid) : null;
  const names = MIGRATIONS.map(({ name }) => name);
  if (alone && isBehind(settings.file, names)) await migrate(settings);
  const serving = role === 'check' ? 'all' : (role as ServingRole);
  const world = realWorld();
  const live = createLiveConfig(loaded, { load, clock: world.clock });
  const appliance = await compose(live, serving, makeSeams(config));
  for (const warning of warnings) appliance.log.warn(warning);
  const expired = trust === null ? null : expiryWarning(trust, world.clock.now());
  if (expired !== null) appliance.log.warn(expired);
  if (role === 'check') {
    console.log(appliance.describe());
    await appliance.stop();
    return 0;
  }
  const following = followConfig(world, { live, log: appliance.log });
  process.on('SIGHUP', following.request);
  const stopped = stopOnSignal(async () => {
    following.stop();
    await appliance.stop();
  });
  try {
    const addresses = await appliance.start();
    console.log(JSON.stringify({ ready: true, role, ...addresses }));
  } catch (error) {
    following.stop();
    // Half an appliance serves nobody, and its outbox would go on sending.
    await appliance.stop();
    throw error;
  }
  await stopped;
  lock?.release();
  return 0;
}

/** What runs migrations is loaded only where there are some. */
async function migrate(settings: DatabaseSettings): Promise<MigrationReport> {
  const { migrateUp } = await import('./platform/database/migrate.ts');
  return migrateUp(settings, MIGRATIONS);
}

/** The first signal drains; a second one ends at once. */
function stopOnSignal(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) process.exit(1);
      asked = true;
      stop().then(resolve, reject);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

function readArguments(argv: readonly string[]): { role: string; files: string[] } | null {
  const files: string[] = [];
  let role = 'all';
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--config') {
      const file = argv[(index += 1)];
      if (file === undefined) return null;
      files.push(file);
    } else if ([...SERVING, 'migrate', 'check'].includes(word)) role = word;
    else return null;
  }
  return { role, files };
}
