import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type Biometrics,
  erasePerson,
  type Extractor,
  SYNTHETIC_512,
} from '../../../../server/domains/biometrics/index.ts';
import { POLL_MS } from '../../../../server/domains/biometrics/gallery/follower.ts';
import { transaction } from '../../../../server/platform/database/database.ts';
import { createCamera } from '../../../../simulators/terminal/camera.ts';
import { populationLines } from '../../../../simulators/terminal/population.ts';
import { type SeededOrganization, useTestDatabase } from '../../../support/database.ts';
import { until } from '../../../support/until.ts';
import { postRows, type Rig, startRig } from '../rig.ts';

// Hooks run in the order they are written: the rig stops before its database is closed.
afterAll(() => rig.close());
const database = useTestDatabase();
const actor = { kind: 'system', id: 'test' };
const camera = createCamera({ seed: 'follower' });
let rig: Rig;
let org: SeededOrganization;

beforeAll(async () => {
  rig = await startRig(database.deps(), { gallery: false });
  org = await database.seedOrganization();
  await postRows(rig.http, org.apiKey, populationLines({ count: 300, seed: 1, bad: 0 }));
});

const probe = (index: number): Parameters<Biometrics['identify']>[0] => ({
  orgId: org.orgId,
  ...camera.capture(`population-1-${index}`),
});

test('nobody is identified before the gallery is loaded', async () => {
  const replica = rig.another(database.deps());
  await expect(replica.identify(probe(5))).rejects.toMatchObject({ code: 'identification_stale' });
  await replica.startGallery();
  expect(await replica.identify(probe(5))).toMatchObject({ outcome: 'match', gallerySize: 300 });
  await replica.stopGallery();
  await expect(replica.identify(probe(5))).rejects.toMatchObject({ code: 'identification_stale' });
});

test('another replica follows an erasure without being told', async () => {
  // On its own connections, as another process would be.
  const deps = { ...database.deps(), databases: database.database().connect() };
  const replica = rig.another(deps);
  await replica.startGallery();
  const found = await replica.identify(probe(7));
  expect(found.outcome).toBe('match');
  await rig.http.request('POST', `/v1/people/${found.personId}/erase`, { key: org.apiKey });
  await until(
    'the erasure to bite',
    async () => (await replica.identify(probe(7))).outcome === 'no_match',
    2_000,
  );
  await replica.stopGallery();
});

test('an erasure whose transaction is slow is not skipped by those that overtake it', async () => {
  const deps = { ...database.deps(), databases: database.database().connect() };
  const replica = rig.another(deps);
  await replica.startGallery();
  const [slow, fast] = [await replica.identify(probe(9)), await replica.identify(probe(11))];
  const db = database.databases().org(org.orgId);
  const eraseNow = (
    personId: string | null,
    meanwhile?: () => Promise<unknown>,
  ): Promise<unknown> =>
    transaction(db, async (tx) => {
      await erasePerson(database.deps(), tx, { personId: personId ?? '', actor, traceId: null });
      await meanwhile?.();
    });
  // The slow one has its number in the log, and the other overtakes it before it commits. SQLite has one
  // writer: there nobody can overtake.
  if (database.database().kind === 'postgres') {
    await eraseNow(slow.personId, async () => {
      await eraseNow(fast.personId);
      await until(
        'the fast one to bite, or to wait for the slow one',
        async () =>
          (await replica.identify(probe(11))).outcome === 'no_match' ||
          replica.stats().lagMs > 2 * POLL_MS,
      );
    });
  } else {
    await eraseNow(slow.personId);
    await eraseNow(fast.personId);
  }
  for (const index of [9, 11]) {
    await until(
      'both erasures to bite',
      async () => (await replica.identify(probe(index))).outcome === 'no_match',
      2_000,
    );
  }
  await replica.stopGallery();
});

test('beyond the stated lag it refuses, and names the bound', async () => {
  const deps = database.deps();
  let isBroken = false;
  // The engine's statements fail from some moment on: the log cannot be followed.
  const databases = database.database().connect(({ text }) => {
    if (isBroken && text.includes('from event')) throw new Error('the database is away');
    return undefined;
  });
  const replica = rig.another({ ...deps, databases }, { stalenessMaxMs: 600 });
  await replica.startGallery();
  expect((await replica.identify(probe(13))).outcome).toBe('match');
  isBroken = true;
  const refusal = await until('the gallery to be too old', async () =>
    replica.identify(probe(13)).then(
      () => null,
      (error: unknown) => error as { code: string; message: string },
    ),
  );
  expect(refusal).toMatchObject({ code: 'identification_stale' });
  expect(refusal.message).toMatch(/at most 600 ms behind the database, found it \d+ ms behind/);
  isBroken = false;
  await until('it to catch up', () =>
    replica.identify(probe(13)).then(
      ({ outcome }) => outcome === 'match',
      () => false,
    ),
  );
  await replica.stopGallery();
});

test('a gallery that cannot take everybody refuses rather than to miss some without a word', async () => {
  const replica = rig.another(database.deps(), { galleryMax: 100 });
  await replica.startGallery();
  await expect(replica.identify(probe(15))).rejects.toMatchObject({ code: 'unavailable' });
  await replica.stopGallery();
});

test('a gallery beyond what its extractor was calibrated for refuses', async () => {
  const coarse: Extractor = {
    ...SYNTHETIC_512,
    calibration: SYNTHETIC_512.calibration.slice(0, 4),
  };
  const other = await startRig(database.deps(), { extractors: [coarse], gallery: false });
  const replica = other.another(database.deps());
  // The keys are another rig's: what cannot be opened is passed over and counted.
  await replica.startGallery();
  expect(replica.stats().unreadable).toBeGreaterThan(0);
  await expect(replica.identify(probe(17))).rejects.toMatchObject({ code: 'limit_exceeded' });
  await replica.stopGallery();
  await other.close();
});
