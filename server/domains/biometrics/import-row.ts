// Reads one line of the bulk import: a whole row, or what is wrong with it. Pure.

import { inspectJson, JSON_DEPTH_MAX } from '../../platform/http/card-numbers.ts';
import { fieldProblems } from '../../platform/http/field-problems.ts';
import { secretPaths } from '../../platform/http/secret-marks.ts';
import { strictSchema } from '../../platform/http/strict-schema.ts';
import type { FieldProblem } from '../../shared/errors.ts';
import type { Instant } from '../../shared/world.ts';
import { isGivenInFuture } from '../people/index.ts';
import { type Extractor, type Extractors, findExtractor, unknownExtractor } from './extractor.ts';
import { ImportRow } from './schemas.ts';
import { readVector } from './vector.ts';

export interface Capture {
  extractor: Extractor;
  vector: Float32Array;
  quality: number;
}

export interface ImportedRow {
  line: number;
  row: ImportRow;
  captures: readonly Capture[];
}

export type RowReading =
  | { ok: true; value: ImportedRow }
  | { ok: false; line: number; problems: readonly FieldProblem[] };

const STRICT_ROW = strictSchema(ImportRow);
const SECRETS = secretPaths(ImportRow);

export function readRow(
  bytes: Buffer,
  line: number,
  { extractors, now }: { extractors: Extractors; now: Instant },
): RowReading {
  const input = parse(bytes);
  if (input === undefined) {
    const detail = `Expected one JSON object on a line, found ${bytes.length} bytes that are not JSON.`;
    return { ok: false, line, problems: [{ pointer: '', code: 'invalid_json', detail }] };
  }
  const foreign = foreignText(input);
  if (foreign !== null) return { ok: false, line, problems: [foreign] };
  const result = STRICT_ROW.safeParse(input);
  if (!result.success) {
    const problems = fieldProblems(result.error.issues, { prefix: '', secrets: SECRETS, input });
    return { ok: false, line, problems };
  }
  const row = result.data as ImportRow;
  const problems = consentProblems(row, now);
  const captures = row.templates.map((template, index) => {
    const capture = readCapture(template, extractors);
    if ('vector' in capture) return capture;
    const pointer = `/templates/${index}${capture.pointer}`;
    problems.push({ ...capture, pointer });
    return null;
  });
  if (problems.length > 0) return { ok: false, line, problems };
  return { ok: true, value: { line, row, captures: captures.filter((each) => each !== null) } };
}

/** What no body may hold, whole or in lines; the value itself is not repeated. */
function foreignText(input: unknown): FieldProblem | null {
  const verdict = inspectJson(input);
  switch (verdict.kind) {
    case 'clean':
      return null;
    case 'card': {
      const detail = 'Expected anything but a card number, found one.';
      return { pointer: verdict.pointer, code: 'card_number', detail };
    }
    case 'nul': {
      const detail = 'Expected text without NUL characters, found one.';
      return { pointer: verdict.pointer, code: 'nul', detail };
    }
    case 'too_deep': {
      const detail = `Expected JSON of at most ${JSON_DEPTH_MAX} levels, found more.`;
      return { pointer: '', code: 'invalid_json', detail };
    }
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function consentProblems({ consent, templates }: ImportRow, now: Instant): FieldProblem[] {
  const problems: FieldProblem[] = [];
  if (isGivenInFuture(Date.parse(consent.given_at), now)) {
    const detail = `Expected an instant not after now, found ${consent.given_at}.`;
    problems.push({ pointer: '/consent/given_at', code: 'in_future', detail });
  }
  if (templates.length > 0 && consent.purpose !== 'biometric_identification') {
    const detail =
      'Expected "biometric_identification" for a row with templates, found ' +
      `${JSON.stringify(consent.purpose)}.`;
    problems.push({ pointer: '/consent/purpose', code: 'consent_required', detail });
  }
  return problems;
}

function readCapture(
  template: ImportRow['templates'][number],
  extractors: Extractors,
): Capture | FieldProblem {
  const { quality } = template;
  const extractor = findExtractor(extractors, template);
  if (extractor === null) {
    const detail = unknownExtractor(extractors, template);
    return { pointer: '/extractor', code: 'not_allowed', detail };
  }
  if (quality < extractor.qualityMin) {
    const detail = `Expected a quality of ${extractor.qualityMin} or more, found ${quality}.`;
    return { pointer: '/quality', code: 'too_small', detail };
  }
  const reading = readVector(template.vector, extractor.dimensions);
  if (!reading.ok) return { pointer: '/vector', code: 'wrong_format', detail: reading.detail };
  return { extractor, vector: reading.vector, quality };
}
