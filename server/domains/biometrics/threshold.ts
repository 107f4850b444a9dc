// From the stated false-positive identification rate and the size of the gallery to the score that a
// match must reach. Pure.

import { AppError } from '../../shared/errors.ts';
import type { Extractor } from './extractor.ts';

/**
 * The lowest calibrated score t with N · FMR(t) ≤ FPIR: of N comparisons with other people, hardly ever
 * one reaches it. A gallery that would need a rate nobody measured is refused, never guessed at.
 */
export function thresholdOf(
  extractor: Extractor,
  { gallerySize, falsePositiveRate }: { gallerySize: number; falsePositiveRate: number },
): number {
  const rateMax = falsePositiveRate / Math.max(1, gallerySize);
  const point = extractor.calibration.find((each) => each.falseMatchRate <= rateMax);
  if (point !== undefined) return point.score;
  const measured = extractor.calibration.at(-1)?.falseMatchRate ?? 1;
  throw new AppError(
    'limit_exceeded',
    `The calibration of ${extractor.id} ends at a false-match rate of ${measured}; a gallery of ` +
      `${gallerySize} at the stated rate of ${falsePositiveRate} needs ${rateMax}. Calibrate further, ` +
      'split the gallery, or state a higher rate.',
    { data: { gallery_size: gallerySize } },
  );
}
