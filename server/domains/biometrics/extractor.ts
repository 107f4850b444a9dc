// Where a real engine plugs in: what the appliance must know of whoever turns pictures into vectors.
// The engine itself runs where the picture is (in the terminal); see docs/extractors.md.

import { AppError } from '../../shared/errors.ts';
import type { Modality } from './template.ts';

/** One measured point: the share of comparisons of different people that score this or more. */
export interface CalibrationPoint {
  score: number;
  falseMatchRate: number;
}

export interface Extractor {
  /** `name/version`; a new version is another extractor, because its vectors do not compare. */
  id: string;
  modality: Modality;
  dimensions: number;
  /** Captures below it are refused, at enrolment and at the door. 0–100. */
  qualityMin: number;
  /** Rising scores, falling rates. Cosine of normalised vectors. */
  calibration: readonly CalibrationPoint[];
  /** How the calibration was found; `synthetic` figures say nothing about real faces. */
  calibrationSource: 'synthetic' | 'measured';
}

export type Extractors = ReadonlyMap<string, Extractor>;

/** Refuses what would make thresholds meaningless. Called when the appliance is composed. */
export function createExtractors(list: readonly Extractor[]): Extractors {
  for (const extractor of list) checkExtractor(extractor);
  return new Map(list.map((extractor) => [keyOf(extractor.modality, extractor.id), extractor]));
}

export function findExtractor(
  extractors: Extractors,
  { modality, extractor }: { modality: string; extractor: string },
): Extractor | null {
  return extractors.get(keyOf(modality, extractor)) ?? null;
}

/** The extractor by that name, or a refusal that lists the known ones. */
export function requireExtractor(
  extractors: Extractors,
  wanted: { modality: string; extractor: string },
): Extractor {
  const found = findExtractor(extractors, wanted);
  if (found !== null) return found;
  const detail = unknownExtractor(extractors, wanted);
  throw new AppError('validation_failed', `/extractor: ${detail}`, {
    fields: [{ pointer: '/extractor', code: 'not_allowed', detail }],
  });
}

export function unknownExtractor(
  extractors: Extractors,
  { modality, extractor }: { modality: string; extractor: string },
): string {
  const known = [...extractors.values()].map((each) => `${each.modality} ${each.id}`).join(', ');
  return `Expected one of ${known}, found ${modality} ${JSON.stringify(extractor.slice(0, 60))}.`;
}

function keyOf(modality: string, id: string): string {
  return `${modality} ${id}`;
}

const ID = /^[a-z0-9][a-z0-9.-]{0,60}\/[0-9]{1,6}$/;

function checkExtractor({ id, calibration, dimensions, qualityMin }: Extractor): void {
  const problems = [
    ...(ID.test(id) ? [] : ['expected an id like name/1']),
    ...(Number.isInteger(dimensions) && dimensions > 0 && dimensions <= 4_096
      ? []
      : ['expected 1 to 4096 dimensions']),
    ...(qualityMin >= 0 && qualityMin <= 100 ? [] : ['expected a quality floor of 0 to 100']),
    ...(calibration.length >= 2 ? [] : ['expected at least two points of calibration']),
    ...(isMonotonic(calibration) ? [] : ['expected rising scores with falling rates']),
  ];
  if (problems.length > 0)
    throw new Error(`The extractor ${id} is refused: ${problems.join('; ')}.`);
}

function isMonotonic(points: readonly CalibrationPoint[]): boolean {
  return points.every((point, index) => {
    const before = points[index - 1];
    return (
      point.falseMatchRate > 0 &&
      point.falseMatchRate <= 1 &&
      (before === undefined ||
        (point.score > before.score && point.falseMatchRate < before.falseMatchRate))
    );
  });
}
