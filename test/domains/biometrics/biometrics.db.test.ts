import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Identification } from '../../../server/domains/biometrics/index.ts';
import { type Row, transaction } from '../../../server/platform/database/database.ts';
import { type Captured, createCamera } from '../../../simulators/terminal/camera.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import type { TestResponse } from '../../support/http.ts';
import { until } from '../../support/until.ts';
import { CONSENT, type Rig, startRig } from './rig.ts';

// Hooks run in the order they are written: the rig stops before its database is closed.
afterAll(() => rig.close());
const database = useTestDatabase();
const camera = createCamera({ seed: 'test' });
const actor = { kind: 'system', id: 'test' };
let rig: Rig;
let org: SeededOrganization;

beforeAll(async () => {
  rig = await startRig(database.deps());
  org = await database.seedOrganization();
});

function ask(
  method: string,
  path: string,
  body?: unknown,
  key = org.apiKey,
): Promise<TestResponse> {
  return rig.http.request(method, path, { key, body });
}

async function createPerson({ consent = true, key = org.apiKey } = {}): Promise<string> {
  const { id } = (await ask('POST', '/v1/people', { display_name: 'Ana' }, key)).json();
  if (consent) await ask('POST', `/v1/people/${id}/consents`, CONSENT, key);
  return id;
}

function enrol(personId: string, capture: object, key = org.apiKey): Promise<TestResponse> {
  return ask('POST', `/v1/people/${personId}/templates`, capture, key);
}

/** A person enrolled from the seed, who can be found by now. */
async function enrolled(seed: string): Promise<{ personId: string; templateId: string }> {
  const personId = await createPerson();
  const answer = await enrol(personId, camera.capture(seed, { purpose: 'enrolment' }));
  expect(answer.status).toBe(201);
  await outcomeBecomes(seed, 'match');
  return { personId, templateId: answer.json().id };
}

const identify = (capture: Captured): Promise<Identification> =>
  rig.biometrics.identify({ orgId: org.orgId, ...capture });

async function outcomeBecomes(seed: string, outcome: string): Promise<Identification> {
  return until(`${seed} to be ${outcome}`, async () => {
    const found = await identify(camera.capture(seed, { quality: 95 }));
    return found.outcome === outcome ? found : null;
  });
}

interface TemplateRow extends Row {
  id: string;
  sealed: Buffer;
}

async function templateRows(personId: string): Promise<TemplateRow[]> {
  return database
    .databases()
    .org(org.orgId)
    .query('select t.* from template t where t.org_id = $1 and t.person_id = $2', [
      org.orgId,
      personId,
    ]);
}

function sealedOf([row]: readonly TemplateRow[]): Buffer {
  if (row === undefined) throw new Error('There is no template.');
  return row.sealed;
}

describe('enrolling', () => {
  test('is refused without a consent that stands, and says how to mend it', async () => {
    const personId = await createPerson({ consent: false });
    const answer = await enrol(personId, camera.capture('no-consent'));
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({ code: 'consent_required' });
    expect(await templateRows(personId)).toEqual([]);
  });

  test('is refused under a consent for another purpose or one that was withdrawn', async () => {
    const personId = await createPerson({ consent: false });
    const path = `/v1/people/${personId}/consents`;
    await ask('POST', path, { ...CONSENT, purpose: 'payment' });
    expect((await enrol(personId, camera.capture('x'))).json().code).toBe('consent_required');
    const { id } = (await ask('POST', path, CONSENT)).json();
    await ask('POST', `${path}/${id}/withdraw`);
    expect((await enrol(personId, camera.capture('x'))).json().code).toBe('consent_required');
  });

  test('answers about the template and never the template', async () => {
    const personId = await createPerson();
    const capture = camera.capture('metadata');
    const answer = await enrol(personId, capture);
    expect(answer.json()).toMatchObject({
      person_id: personId,
      extractor: 'synthetic-512/1',
      quality: capture.quality,
      status: 'active',
      source: 'api',
    });
    const list = await ask('GET', `/v1/people/${personId}/templates`);
    expect(list.json().data).toEqual([answer.json()]);
    expect(list.text + answer.text).not.toContain(capture.vector.slice(0, 40));
  });

  test.each<[string, object, string]>([
    ['below the quality floor', { quality: 39 }, '/quality'],
    ['of a quality that is no percentage', { quality: 101 }, '/quality'],
    ['of an unknown extractor', { extractor: 'synthetic-512/2' }, '/extractor'],
    ['of another modality than the extractor has', { modality: 'palm' }, '/extractor'],
    [
      'with a vector that is cut',
      { vector: camera.capture('cut').vector.slice(0, 400) },
      '/vector',
    ],
    ['with a vector of zeros', { vector: Buffer.alloc(2_048).toString('base64') }, '/vector'],
    [
      'with a vector that is not finite',
      { vector: Buffer.alloc(2_048, 0xff).toString('base64') },
      '/vector',
    ],
    ['with a vector in another alphabet', { vector: '_'.repeat(2_732) }, '/vector'],
  ])('refuses a capture %s', async (_name, changed, pointer) => {
    const personId = await createPerson();
    const answer = await enrol(personId, { ...camera.capture('bad'), ...changed });
    expect(answer.status).toBe(422);
    expect(answer.json().errors[0].pointer).toBe(pointer);
    expect(await templateRows(personId)).toEqual([]);
  });

  test('ends at ten templates of a person and extractor', async () => {
    const personId = await createPerson();
    for (let index = 0; index < 10; index += 1) {
      expect((await enrol(personId, camera.capture('ten'))).status).toBe(201);
    }
    const answer = await enrol(personId, camera.capture('ten'));
    expect(answer.status).toBe(429);
    expect(await templateRows(personId)).toHaveLength(10);
  });

  test('by a device happens in its transaction, once the keys are at hand', async () => {
    const personId = await createPerson();
    const db = database.databases().org(org.orgId);
    const device = { ...camera.capture('device'), personId, deviceId: 'dev_test' };
    const cold = rig.another(database.deps());
    const attempt = (): Promise<{ template_id: string }> =>
      transaction(db, (tx) => cold.enrolFromDevice(tx, device));
    await expect(attempt()).rejects.toMatchObject({ code: 'sealed' });
    expect(await templateRows(personId)).toEqual([]);
    await cold.prepareOrg(org.orgId);
    const { template_id: id } = await attempt();
    expect(await templateRows(personId)).toMatchObject([
      { id, source: 'device', device_id: 'dev_test' },
    ]);
  });
});

describe('identifying', () => {
  test('finds who was enrolled, with score, margin and evidence class', async () => {
    const { personId } = await enrolled('ana');
    await enrolled('ben');
    const found = await identify(camera.capture('ana', { quality: 95 }));
    expect(found).toMatchObject({ outcome: 'match', personId, evidenceClass: 'appliance_1n' });
    expect(found.score).toBeGreaterThan(found.threshold);
    expect(found.margin).toBeGreaterThan(0.03);
  });

  test('matches nobody to a stranger', async () => {
    await enrolled('somebody');
    const found = await identify(camera.capture('stranger'));
    expect(found).toMatchObject({ outcome: 'no_match', personId: null });
  });

  test('measures the margin between persons, not between templates of one', async () => {
    const { personId } = await enrolled('many-views');
    for (let view = 0; view < 4; view += 1) await enrol(personId, camera.capture('many-views'));
    const found = await outcomeBecomes('many-views', 'match');
    expect(found.margin).toBeGreaterThan(0.03);
  });

  test('names neither of two people who look alike', async () => {
    await enrolled('alike');
    const twin = await createPerson();
    await enrol(twin, camera.capture('twin of alike', { purpose: 'enrolment' }));
    const found = await outcomeBecomes('alike', 'ambiguous');
    expect(found.personId).toBeNull();
    expect(found.margin).toBeLessThan(0.03);
  });

  test('refuses a poor capture and an unknown extractor without a search', async () => {
    const capture = camera.capture('ana', { quality: 20 });
    expect(await identify(capture)).toMatchObject({ outcome: 'poor_quality', score: null });
    const request = { orgId: org.orgId, ...capture, extractor: 'other/1' };
    expect(await rig.biometrics.identify(request)).toMatchObject({ outcome: 'unknown_extractor' });
  });

  test('never finds a person of another organization', async () => {
    await enrolled('ours');
    const other = await database.seedOrganization('Elsewhere');
    const probe = camera.capture('ours', { quality: 95 });
    const found = await rig.biometrics.identify({ orgId: other.orgId, ...probe });
    expect(found).toMatchObject({ outcome: 'no_match', gallerySize: 0 });
  });

  test('over REST keeps the evidence, and nothing of the probe', async () => {
    const { personId } = await enrolled('rest');
    const probe = camera.capture('rest', { quality: 95 });
    const answer = await ask('POST', '/v1/identifications', { ...probe, node_id: org.siteId });
    expect(answer.status).toBe(201);
    expect(answer.json()).toMatchObject({
      outcome: 'match',
      person_id: personId,
      node_id: org.siteId,
    });
    const list = await ask('GET', `/v1/identifications?person_id=${personId}`);
    expect(list.json().data).toEqual([answer.json()]);
    expect(list.text).not.toContain(probe.vector.slice(0, 40));
  });

  test('tells what is in the gallery', async () => {
    await enrolled('counted');
    const [gallery] = (await ask('GET', '/v1/galleries')).json().data;
    expect(gallery).toMatchObject({
      id: 'face/synthetic-512/1',
      calibration_source: 'synthetic',
      kernel: 'usearch',
    });
    expect(gallery.size).toBeGreaterThan(0);
    expect(gallery.lag_ms).toBeLessThan(2_000);
  });
});

describe('erasing', () => {
  test('a template nulls its bytes, tells it once, and nobody is found by it within the bound', async () => {
    const { templateId, personId } = await enrolled('erased-template');
    const answer = await ask('DELETE', `/v1/templates/${templateId}`);
    expect(answer.json()).toMatchObject({ id: templateId, status: 'erased' });
    const erasedAt = performance.now();
    await outcomeBecomes('erased-template', 'no_match');
    expect(performance.now() - erasedAt).toBeLessThan(2_000);
    expect(await templateRows(personId)).toMatchObject([{ status: 'erased', sealed: null }]);
    expect((await ask('DELETE', `/v1/templates/${templateId}`)).json()).toEqual(answer.json());
    const events = await ask('GET', `/v1/events?subject_id=${templateId}`);
    expect(events.json().data.map((event: { type: string }) => event.type)).toEqual([
      'template.enrolled',
      'template.erased',
    ]);
  });

  test('follows when the consent is withdrawn', async () => {
    const { personId } = await enrolled('withdrawn');
    const path = `/v1/people/${personId}/consents`;
    const [consent] = (await ask('GET', path)).json().data;
    await ask('POST', `${path}/${consent.id}/withdraw`);
    expect(await templateRows(personId)).toMatchObject([{ status: 'erased', sealed: null }]);
    await outcomeBecomes('withdrawn', 'no_match');
  });

  test('a person destroys the key, the templates and the name, and leaves the id', async () => {
    const { personId } = await enrolled('erased-person');
    const answer = await ask('POST', `/v1/people/${personId}/erase`);
    expect(answer.json()).toMatchObject({ id: personId, status: 'erased', display_name: null });
    const db = database.databases().org(org.orgId);
    const keys = await db.query(
      'select k.person_id from person_key k where k.org_id = $1 and k.person_id = $2',
      [org.orgId, personId],
    );
    expect(keys).toEqual([]);
    expect(await templateRows(personId)).toMatchObject([{ sealed: null }]);
    await outcomeBecomes('erased-person', 'no_match');
    const consents = (await ask('GET', `/v1/people/${personId}/consents`)).json().data;
    expect(consents[0].withdrawn_at).not.toBeNull();
    expect((await ask('POST', `/v1/people/${personId}/erase`)).status).toBe(409);
    expect((await enrol(personId, camera.capture('erased-person'))).status).toBe(409);
    expect((await ask('POST', `/v1/people/${personId}/consents`, CONSENT)).status).toBe(409);
  });

  test('of a foreign template answers as if there were none', async () => {
    const { templateId } = await enrolled('not-yours');
    const other = await database.seedOrganization('Foreign');
    const answer = await ask('DELETE', `/v1/templates/${templateId}`, undefined, other.apiKey);
    expect(answer.status).toBe(404);
    await outcomeBecomes('not-yours', 'match');
  });
});

describe('a template that was moved in the table', () => {
  test('to another person does not open, and nobody is found by it', async () => {
    const [ana, ben] = [await enrolled('moved-a'), await enrolled('moved-b')];
    const db = database.databases().org(org.orgId);
    const [a, b] = [await templateRows(ana.personId), await templateRows(ben.personId)];
    const swap = (id: string, sealed: Buffer): Promise<number> =>
      transaction(db, (tx) =>
        tx.execute('update template set sealed = $3 where org_id = $1 and id = $2', [
          org.orgId,
          id,
          sealed,
        ]),
      );
    await swap(ana.templateId, sealedOf(b));
    await swap(ben.templateId, sealedOf(a));
    const fresh = rig.another(database.deps());
    await fresh.startGallery();
    expect(fresh.stats().unreadable).toBe(2);
    // A transaction that is open anywhere in the cluster holds the gap rule up for a moment.
    await until('the gallery', () => Number.isFinite(fresh.stats().lagMs));
    const probe = { orgId: org.orgId, ...camera.capture('moved-a', { quality: 95 }) };
    expect(await fresh.identify(probe)).toMatchObject({ outcome: 'no_match' });
    await fresh.stopGallery();
  });
});

test('one transaction of the caller takes identification and evidence together', async () => {
  await enrolled('evidence');
  const identification = await identify(camera.capture('evidence', { quality: 95 }));
  const db = database.databases().org(org.orgId);
  await expect(
    transaction(db, async (tx) => {
      const recorded = { identification, deviceId: null, nodeId: org.siteId };
      await rig.biometrics.recordIdentification(tx, recorded);
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  const rows = await db.query(
    'select i.id from identification i where i.org_id = $1 and i.person_id = $2',
    [org.orgId, identification.personId],
  );
  expect(rows).toEqual([]);
});

test('the verb that opens its own transaction enrols too', async () => {
  const personId = await createPerson();
  const capture = { ...camera.capture('verb'), personId, actor };
  const made = await rig.biometrics.enrol(database.databases().org(org.orgId), capture);
  expect(made).toMatchObject({ personId, status: 'active', source: 'api' });
});
