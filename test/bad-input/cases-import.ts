// Wrong rows of the bulk import, each alone in its file, so that nothing may be left of it.

import type { BadAnswer, BadCase } from './bad-case.ts';
import { requestOf } from './send-http.ts';
import type { Stage } from './stage.ts';

const EXTRACTOR = 'synthetic-512/1';
const DIMENSIONS = 512;
const NDJSON = { 'content-type': 'application/x-ndjson' };

type Row = Record<string, unknown>;
type RowCase = {
  title: string;
  row: Row | string | ((stage: Stage) => Row);
  says: readonly string[];
};

const ROWS: readonly RowCase[] = [
  {
    title: 'a row that is not JSON',
    row: '{"external_ref":"r-1",',
    says: ['line 1', 'Expected one JSON object on a line', 'that are not JSON'],
  },
  {
    title: 'a row of an older shape',
    row: { ref: 'r-2', name: 'Ana' },
    says: ['/external_ref: Expected a string, found nothing', '/ref', 'unknown field "ref"'],
  },
  {
    title: 'a row without a consent',
    row: { ...row(), consent: undefined },
    says: ['/consent: Expected an object, found nothing'],
  },
  {
    title: 'templates under a consent for another purpose',
    row: { ...row(), consent: { ...consent(), purpose: 'payment' } },
    says: ['/consent/purpose', 'Expected "biometric_identification"', 'found "payment"'],
  },
  {
    title: 'a consent given in the future',
    row: { ...row(), consent: { ...consent(), given_at: '2100-01-01T00:00:00Z' } },
    says: ['/consent/given_at', 'Expected an instant not after now', 'found 2100'],
  },
  {
    title: 'a template of an extractor that is not installed',
    row: row({ extractor: 'other-256/9' }),
    says: ['/templates/0/extractor', 'Expected', 'found'],
  },
  {
    title: 'a vector of half the dimensions, which must not be repeated',
    row: row({ vector: vector(DIMENSIONS / 2) }),
    says: ['/templates/0/vector', 'Expected base64 of 512', 'found 1024 bytes'],
  },
  {
    title: 'a vector with a NaN in it',
    row: row({ vector: vector(DIMENSIONS, Number.NaN) }),
    says: ['/templates/0/vector', 'all finite', 'found one that is not'],
  },
  {
    title: 'a vector that is not base64',
    row: row({ vector: '*'.repeat(100) }),
    says: ['/templates/0/vector', 'Expected base64', 'not canonical base64'],
  },
  {
    title: 'a vector of zeros',
    row: row({ vector: Buffer.alloc(DIMENSIONS * 4).toString('base64') }),
    says: ['/templates/0/vector', 'with a direction', 'found a vector of zeros'],
  },
  {
    title: 'a capture too poor to be told apart',
    row: row({ quality: 1 }),
    says: ['/templates/0/quality', 'Expected a quality of', 'found 1'],
  },
  {
    title: 'a card number for a reference',
    row: { ...row(), external_ref: '4242424242424242' },
    says: ['/external_ref', 'Expected anything but a card number', 'found one'],
  },
  {
    title: 'a NUL in a name',
    row: { ...row(), display_name: 'Ana\u0000' },
    says: ['/display_name', 'Expected text without NUL characters', 'found one'],
  },
  {
    title: 'a node of another organization',
    row: ({ foreignNodeId }) => ({ ...row(), node_id: foreignNodeId }),
    says: ['/node_id', 'Expected a node within reach', 'found "nod_'],
  },
  {
    title: 'a reference that another person has already',
    row: { ...row(), external_ref: 'taken-1' },
    says: ['/external_ref', 'Expected a reference that nobody has', 'found it taken'],
  },
];

export const IMPORT_CASES: readonly BadCase[] = [
  ...ROWS.map((each, index) => ({
    id: `import-${String(index + 1).padStart(2, '0')}`,
    edge: 'import' as const,
    title: each.title,
    send: (stage: Stage) => importRow(stage, each.row),
    expect: { code: '200, 0 imported, 1 failed', says: each.says },
  })),
  {
    id: `import-${ROWS.length + 1}`,
    edge: 'import',
    title: 'a line beyond the limit',
    send: (stage) => importRow(stage, { ...row(), display_name: 'n'.repeat(70_000) }),
    expect: { code: '413 body_too_large', says: ['Expected a line of at most', 'found'] },
  },
  {
    id: `import-${ROWS.length + 2}`,
    edge: 'import',
    title: 'rows sent as one JSON array',
    send: (stage) => importRow(stage, row(), 'application/json'),
    expect: {
      code: '415 unsupported_media_type',
      says: ['Expected Content-Type application/x-ndjson', 'found "application/json"'],
    },
  },
];

interface Report {
  imported: number;
  failed: number;
  errors: readonly { line: number; pointer: string; detail: string }[];
}

async function importRow(
  stage: Stage,
  wrong: RowCase['row'],
  type = NDJSON['content-type'],
): Promise<BadAnswer> {
  const built = typeof wrong === 'function' ? wrong(stage) : wrong;
  const response = await requestOf(stage, {
    path: '/v1/people/import',
    headers: { 'content-type': type },
    body: `${typeof built === 'string' ? built : JSON.stringify(built)}\n`,
  });
  if (response.status !== 200) {
    const problem = response.json() as { code: string; detail: string };
    return { code: `${response.status} ${problem.code}`, message: problem.detail };
  }
  const report = response.json() as Report;
  return {
    code: `200, ${report.imported} imported, ${report.failed} failed`,
    message: report.errors
      .map(({ line, pointer, detail }) => `line ${line}, ${pointer || 'the row'}: ${detail}`)
      .join('\n'),
  };
}

/** Nothing is wrong with this one: what the others are made of. */
export function goodRow(ref: string): Row {
  return { ...row(), external_ref: ref };
}

function row(template: Row = {}): Row {
  return {
    external_ref: 'row-1',
    display_name: 'Imported',
    consent: consent(),
    templates: [
      {
        modality: 'face',
        extractor: EXTRACTOR,
        vector: vector(DIMENSIONS),
        quality: 90,
        ...template,
      },
    ],
  };
}

function consent(): Row {
  return {
    purpose: 'biometric_identification',
    text_version: '2026-11/en',
    method: 'signature',
    given_at: '2026-11-20T09:00:00Z',
  };
}

function vector(dimensions: number, first = 1): string {
  return Buffer.from(
    Float32Array.from({ length: dimensions }, (_, at) => (at === 0 ? first : 0.1)).buffer,
  ).toString('base64');
}
