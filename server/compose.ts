// Builds and joins everything, top to bottom: the order of the lines is the order of dependence. Nothing
// here decides anything. `start` opens what the role opens, `stop` closes it in reverse.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { SENSITIVE_PATHS } from '../config/table.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { accessSettings, bootstrap } from './bootstrap.ts';
import * as settings from './compose-settings.ts';
import { createClients, deviceSettings, gatewayIdentity } from './compose-clients.ts';
import { answerPayment, DOOR_SHAPES, storeEnrolment } from './compose-door.ts';
import { questions, tellRetried } from './compose-questions.ts';
import { databaseSettings } from './database-settings.ts';
import { describeApp, refuseUnhealthy } from './describe.ts';
import { ACTIONS, createAccess, nodeScope } from './domains/access/index.ts';
import {
  createConfigMetrics,
  healthPages,
  metricsPage,
  presentConfig,
  readBuild,
} from './domains/appliance/index.ts';
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
import { giveBackMemory } from './platform/give-back-memory.ts';
import {
  createDrainSwitch,
  createHttpApp,
  listenHttp,
  purgeIdempotency,
  secretNames,
} from './platform/http/index.ts';
import { createInbox } from './platform/inbox/index.ts';
import { createLogger } from './platform/logging/logger.ts';
import { prettyDestination } from './platform/logging/pretty.ts';
import { createMetrics, measureConnections } from './platform/metrics/metrics.ts';
import {
  createBell,
  createOutbox,
  createOutboxMetrics,
  deadLetterRoutes,
  type Outbox,
} from './platform/outbox/index.ts';
import { digestOf, type LiveConfig, viewOf } from './live-config.ts';
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

export async function compose(
  live: LiveConfig,
  role: ServingRole,
  seams: Seams,
): Promise<Appliance> {
  // What is read from here takes effect at a start only; what may change while serving is a view.
  const config = live.current();
  // The world, and what everything shares.
  const world = realWorld();
  const build = readBuild(ROOT);
  const hidden = new Set(SENSITIVE_PATHS.map((path) => path.split('.').at(-1) ?? path));
  const log = createLogger(
    { level: config.log.level, ...build, role, secretNames: hidden },
    config.log.pretty ? prettyDestination((text) => void process.stdout.write(text)) : undefined,
  );
  live.onChange((now) => void (log.level = now.log.level));
  const metrics = createMetrics(build);
  const databases = seams.databases(
    connectDatabases(databaseSettings(config), { timers: world.timers }),
  );
  await assertDurable(databases);
  measureConnections(metrics, databases.connections);
  const deps: Deps = { databases, world, ids: createIds(world), log, bell: createBell() };
  const kek = openKekFile(config.keys.file.path, world);
  const clients = createClients(world, live, seams);

  // Domains, in order of dependence.
  const access = createAccess(deps, accessSettings(config));
  const audit = createAudit(deps, nodeScope);
  const people = createPeople(deps, {
    whenWithdrawn: (tx, withdrawal) => eraseTemplatesOfConsent(deps, tx, withdrawal),
  });
  const biometrics = createBiometrics(deps, {
    feed: audit.feed,
    kek,
    settings: viewOf(live, settings.biometricsSettings),
    extractors: [SYNTHETIC_512],
    nodeScope,
  });
  const ledger = createLedger(deps);
  const kyc = createKyc(deps, {
    settings: viewOf(live, settings.kycSettings),
    veriff: viewOf(live, settings.veriffSettings),
    client: clients.veriff,
  });
  const payments = createPayments(deps, {
    settings: viewOf(live, settings.paymentSettings),
    stripe: viewOf(live, settings.stripeSettings),
    ledger,
    client: clients.stripe,
    nodeScope,
    ask: questions(deps, { biometrics, kyc, contact: (id) => outbox.health(id) }),
  });
  const identity = gatewayIdentity(world, config);
  const devices = createDevices(
    deps,
    {
      settings: deviceSettings(world, live),
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
    secretsOf: async ({ provider }) => settings.webhookSecrets(live.current(), provider),
    settings: viewOf(live, settings.inboxSettings),
  });
  const outbox: Outbox = createOutbox(deps, {
    handlers: { ...inbox.handlers, ...kyc.handlers, ...payments.handlers },
    destinations: {
      stripe: viewOf(live, (now) => settings.destinationSettings(now, 'stripe')),
      veriff: viewOf(live, (now) => settings.destinationSettings(now, 'veriff')),
    },
    settings: viewOf(live, settings.outboxSettings),
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
  const cursorKey = await kek.derive('cursor/v1');
  const http = viewOf(live, (now) => settings.httpSettings(now, { build, cursorKey }));
  const digestKey = await kek.derive('config-digest/v1');
  const digest = (): string => digestOf(live.current(), digestKey);
  createConfigMetrics(metrics, { state: live.state, digest });
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
        detail: () => ({ config: presentConfig(live.state(), digest()) }),
      }),
      metricsPage(metrics.registry, () => live.current().metrics.enabled),
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
    giveBackMemory(databases);
    closers.push(() => outbox.stop(http.drainMs));
    let gateway: string | null = null;
    if (serves('all', 'gateway')) {
      const at = await devices.gateway.start();
      gateway = `wss://${at.host}:${at.port}${DEVICE_PATH}`;
      closers.push(() => devices.gateway.stop(http.drainMs));
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
