// Chapter 2: a population through the bulk route, then one person: created, consent recorded, templates
// enrolled through the terminal.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Person, Stage } from './cast.ts';
import { waitFor } from './narrator.ts';

const run = promisify(execFile);

interface ImportAnswer {
  imported: number;
  unchanged: number;
  failed: number;
  errors: { line: number; pointer: string; code: string; detail: string }[];
}

export async function importPopulation(stage: Stage): Promise<void> {
  const { api, narrator, environment, root } = stage;
  const count = environment.population;
  narrator.chapter(`A population of ${count.toLocaleString('en')} (synthetic) and one person`);
  const file = join(environment.workDir, 'population.ndjson');
  const script = join(root, 'simulators/terminal/population.ts');
  await narrator.step('Their rows are drawn', () =>
    run(process.execPath, [script, '--count', String(count), '--seed', '7', '--out', file]),
  );
  const rows = readFileSync(file, 'utf8');
  const bad = '{"external_ref":"broken-row","display_name":7}\n';
  const answer = await narrator.step(
    'Bulk import: people, consents and templates, each under its person’s own wrapped key',
    () => api.postLines<ImportAnswer>('/v1/people/import', rows + bad),
    (result) => `${result.imported} imported, ${result.unchanged} unchanged, ${result.failed} bad`,
  );
  // Told again on the same appliance, people may have been renamed since: they are there all the same.
  const renamed = answer.errors.filter(isOfRenamed).length;
  if (answer.imported + answer.unchanged + renamed !== count || answer.failed !== renamed + 1) {
    throw new Error(`Expected ${count} people and 1 bad row, found ${JSON.stringify(answer)}.`);
  }
  if (renamed > 0) narrator.note(`${renamed} of them carry another name by now`);
  const problem = answer.errors.find((error) => !isOfRenamed(error));
  narrator.note(`line ${problem?.line}, ${problem?.pointer}: ${problem?.detail}`);
  await narrator.step(
    'The gallery follows',
    () =>
      waitFor({
        what: 'the gallery',
        read: () => api.get<{ data: { size: number }[] }>('/v1/galleries'),
        until: (galleries) => (galleries.data[0]?.size ?? 0) >= count,
        timeoutMs: 60_000,
      }),
    (galleries) => `${galleries.data[0]?.size} templates`,
  );
}

function isOfRenamed({ pointer, code }: ImportAnswer['errors'][number]): boolean {
  return pointer === '/external_ref' && code === 'taken';
}

export async function enrolPerson(stage: Stage, name: string): Promise<Person> {
  const { api, narrator, telling, deviceId, terminal } = stage;
  const seed = `${name}/${telling}`;
  const created = await narrator.step(`${name} is created`, () =>
    api.post<{ id: string }>('/v1/people', {
      node_id: stage.siteId,
      display_name: name,
      external_ref: seed,
    }),
  );
  await narrator.step('Consents are recorded, before any capture', async () => {
    for (const purpose of ['biometric_identification', 'payment']) {
      await api.post(`/v1/people/${created.id}/consents`, {
        purpose,
        text_version: '2026-11/en',
        method: 'signature',
        given_at: new Date().toISOString(),
      });
    }
  });
  await terminal.ask({ cmd: 'stand', person_seed: seed }, (line) => line['ev'] === 'standing');
  const command = await narrator.step(
    'The terminal is told to enrol whoever stands before it',
    () =>
      api.post<{ id: string }>(`/v1/devices/${deviceId}/commands`, {
        method: 'enrol',
        params: { person_id: created.id, modality: 'face' },
      }),
  );
  await narrator.step(
    'The terminal captures, its receipt brings the templates, they are sealed and stored',
    () =>
      waitFor({
        what: 'the enrolment',
        read: () => api.get<{ status: string }>(`/v1/devices/${deviceId}/commands/${command.id}`),
        until: ({ status }) => status === 'succeeded',
      }),
    ({ status }) => status,
  );
  return { id: created.id, name, seed };
}
