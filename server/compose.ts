// Builds and joins everything, top to bottom: the order of the lines is the order of dependence. Nothing
// here decides anything. `start` opens what the role opens, `stop` closes it in reverse.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { SENSITIVE_PATHS } from '../config/table.ts';
import type { Config } from '../config/load.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { accessSettings, bootstrap } from './bootstrap.ts';
import * as settings from './compose-settings.ts';
import { createClients, deviceSettings, gatewayIdentity } from './compose-clients.ts';
import { answerPayment, DOOR_SHAPES, storeEnrolment } from './compose-door.ts';
import { questions, tellRetried } from './compose-questions.ts';
import { databaseSettings } from './database-settings.ts';
import { describeApp, refuseUnhealthy } from './describe.ts';
import { ACTIONS, createAccess, nodeScope } from './domains/access/index.ts';
import { healthPages, metricsPage, readBuild } from './domains/appliance/index.ts';
import { createAudit } from './domains/audit/index.ts';
import {
  createBiometrics,
  eraseTemplatesOfConsent,
  SYNTHETIC_512,
} from './domains/biometrics/index.ts';
import { createDevices, DEVICE_PATH } from './domains/devices/index.ts';
import { createKyc } from './domains/kyc/index.ts';
import { createLedger } from './domains/ledger/index.ts';
import { createPayments } from './domains/payments/index.ts';
import { createPeople } from './domains/people/index.ts';
import { keepIdentityFresh } from './platform/crypto/identity-renewal.ts';
import { openKekFile } from './platform/crypto/kek-file.ts';
import { connectDatabases } from './platform/database/connect.ts';
import { assertDurable } from './platform/database/durability.ts';
import { assertSchema } from './platform/database/schema-version.ts';
import type { Deps } from './platform/deps.ts';
import {
  createDrainSwitch,
  createHttpApp,
  listenHttp,
  purgeIdempotency,
  secretNames,
} from './platform/http/index.ts';
import { createInbox } from './platform/inbox/index.ts';
import { createLogger } from './platform/logging/logger.ts';
import { createMetrics, measureConnections } from './platform/metrics/metrics.ts';
import {
  createBell,
  createOutbox,
  createOutboxMetrics,
  deadLetterRoutes,
  type Outbox,
} from './platform/outbox/index.ts';
import { realWorld } from './real-world.ts';
import type { Seams } from './seams.ts';
import { createIds } from './shared/ids.ts';

export type ServingRole = 'all' | 'api' | 'gateway' | 'worker';

export interface Addresses {
  /** The REST API, where this role serves it. */
  api: string | null;
  /** Probes and metrics; the API's own listener where there is one. */
  http: string;
  gateway: string | null;
}

export interface Appliance {
  log: Logger;
  /** Steps of a request and the table of routes, as text. */
  describe(): string;
  /** Opens what the role opens; resolves when it serves. */
  start(): Promise<Addresses>;
  /** No new work, what is under way finishes, then everything is closed. */
  stop(): Promise<void>;
}

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MIGRATION_NAMES = MIGRATIONS.map(({ name }) => name);
const PURGE_EVERY_MS = 3_600_000;

export async function compose(config: Config, role: ServingRole, seams: Seams): Promise<Appliance> {
  // The world, and what everything shares.
  const world = realWorld();
  const build = readBuild(ROOT);
  const hidden = new Set(SENSITIVE_PATHS.map((path) => path.split('.').at(-1) ?? path));
  const log = createLogger({ level: config.log.level, ...build, role, secretNames: hidden });
  const metrics = createMetrics(build);
  const databases = seams.databases(
    connectDatabases(databaseSettings(config), { timers: world.timers }),
  );
  await assertDurable(databases);
  measureConnections(metrics, databases.connections);
  const deps: Deps = { databases, world, ids: createIds(world), log, bell: createBell() };
  const kek = openKekFile(config.keys.file.path, world);
  const clients = createClients(world, config, seams);

  // Domains, in order of dependence.
  const access = createAccess(deps, accessSettings(config));
  const audit = createAudit(deps, nodeScope);
  const people = createPeople(deps, {
    whenWithdrawn: (tx, withdrawal) => eraseTemplatesOfConsent(deps, tx, withdrawal),
  });
  const biometrics = createBiometrics(deps, {
    feed: audit.feed,
    kek,
    settings: settings.biometricsSettings(config),
    extractors: [SYNTHETIC_512],
    nodeScope,
  });
  const ledger = createLedger(deps);
  const kyc = createKyc(deps, {
    settings: settings.kycSettings(config),
    veriff: settings.veriffSettings(config),
    client: clients.veriff,
  });
  const payments = createPayments(deps, {
    settings: settings.paymentSettings(config),
    stripe: settings.stripeSettings(config),
    ledger,
    client: clients.stripe,
    nodeScope,
    ask: questions(deps, { biometrics, kyc, contact: (id) => outbox.health(id) }),
  });
  const identity = gatewayIdentity(world, config);
  const devices = createDevices(
    deps,
    {
      settings: deviceSettings(world, config),
      identity,
      claimKey: await kek.derive('claim-codes/v1'),
      decisions: { payment: answerPayment({ biometrics, payments }) },
      commandResults: { enrol: storeEnrolment(biometrics) },
    },
    metrics,
  );

  // The way in and the way out.
  const inbox = createInbox(deps, {
    sources: [payments.inboxSource, kyc.inboxSource],
    clients: { stripe: clients.stripe, veriff: clients.veriff },
    secretsOf: async ({ provider }) => settings.webhookSecrets(config, provider),
    settings: settings.inboxSettings(config),
  });
  const outbox: Outbox = createOutbox(deps, {
    handlers: { ...inbox.handlers, ...kyc.handlers, ...payments.handlers },
    destinations: {
      stripe: settings.destinationSettings(config, 'stripe'),
      veriff: settings.destinationSettings(config, 'veriff'),
    },
    settings: settings.outboxSettings(config),
    schedules: [
      ...inbox.schedules,
      ...kyc.schedules,
      {
        name: 'idempotency.purge',
        everyMs: PURGE_EVERY_MS,
        run: async () => void (await purgeIdempotency(databases.engine, world.clock)),
      },
    ],
    metrics: createOutboxMetrics(metrics.registry, () => outbox.backlog(), world.clock.now),
    onBreaker: inbox.onBreaker,
  });

  // HTTP: the table of every route, and the pages beside it.
  const draining = createDrainSwitch();
  let started = false;
  const http = settings.httpSettings(config, { build, cursorKey: await kek.derive('cursor/v1') });
  const deadLetters = { routes: deadLetterRoutes(deps, tellRetried(deps)) };
  const rooms = [access, audit, people, biometrics, kyc, payments, devices, inbox, deadLetters];
  const routes = rooms.flatMap((room) => room.routes);
  const shapes = routes.flatMap(({ body, query, answer }) => [body, query, answer]);
  for (const name of secretNames([...shapes, ...DOOR_SHAPES])) hidden.add(name);
  const serves = (...roles: ServingRole[]): boolean => roles.includes(role);
  const app = createHttpApp(deps, {
    // Every role answers probes and scrapes; only two of them answer the API.
    routes: serves('all', 'api') ? routes : [],
    pages: [
      ...healthPages(world, {
        build,
        draining,
        started: () => started,
        checks: [
          { name: 'database', check: databases.ping },
          { name: 'keys', check: async () => refuseUnhealthy(await kek.health()) },
        ],
      }),
      ...(config.metrics.enabled ? [metricsPage(metrics.registry)] : []),
    ],
    actions: ACTIONS,
    access,
    locators: {
      ...access.locators,
      ...people.locators,
      ...biometrics.locators,
      ...kyc.locators,
      ...payments.locators,
      ...devices.locators,
    },
    settings: http,
    draining,
    requestDuration: metrics.requestDuration,
  });

  const closers: (() => Promise<void>)[] = [];
  const open = async (): Promise<Addresses> => {
    closers.push(databases.close, clients.stripe.close, clients.veriff.close);
    await assertSchema(databases, MIGRATION_NAMES, log);
    await outbox.prepare();
    await bootstrap(deps, config, access);
    if (serves('all', 'api', 'gateway')) {
      await biometrics.startGallery();
      closers.push(biometrics.stopGallery);
    }
    closers.push(() => outbox.stop(config.http.drain_ms));
    let gateway: string | null = null;
    if (serves('all', 'gateway')) {
      const at = await devices.gateway.start();
      gateway = `wss://${at.host}:${at.port}${DEVICE_PATH}`;
      closers.push(() => devices.gateway.stop(config.http.drain_ms));
      const renewal = keepIdentityFresh({
        ...{ world, log, current: identity, use: devices.gateway.useCertificate },
        open: () => gatewayIdentity(world, config),
      });
      closers.push(async () => renewal.stop());
    }
    const server = await listenHttp(app, config.http, { settings: http, draining, world });
    closers.push(server.stop);
    // Last: a port that is taken ends the start before anything is sent to a provider.
    await (serves('all', 'worker') ? outbox.start() : outbox.watch());
    started = true;
    const api = serves('all', 'api') ? server.url : null;
    log.info({ api, http: server.url, gateway }, 'serving');
    return { api, http: server.url, gateway };
  };
  let opening: Promise<unknown> = Promise.resolve();
  return {
    log,
    describe: () => describeApp(app, routes),
    start: () => {
      const opened = open();
      opening = opened.catch(() => undefined);
      return opened;
    },
    stop: async () => {
      log.info('stopping');
      // A signal during the start: what it is about to open must be there to be closed.
      await opening;
      for (const close of closers.toReversed()) {
        await close().catch((error: unknown) => log.error({ err: error }, 'closing failed'));
      }
    },
  };
}
