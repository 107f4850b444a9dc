import { describe, expect, test } from '@jest/globals';
import { createExtractors, type Extractor } from '../../../server/domains/biometrics/extractor.ts';
import { SYNTHETIC_512 } from '../../../server/domains/biometrics/extractors/synthetic-512.ts';
import { judge } from '../../../server/domains/biometrics/identification.ts';
import { thresholdOf } from '../../../server/domains/biometrics/threshold.ts';

describe('the threshold', () => {
  test.each([1, 100, 10_000, 1_000_000])(
    'keeps N · FMR within the stated rate for a gallery of %i, and one step lower would not',
    (gallerySize) => {
      const falsePositiveRate = 0.0001;
      const threshold = thresholdOf(SYNTHETIC_512, { gallerySize, falsePositiveRate });
      const at = SYNTHETIC_512.calibration.findIndex((point) => point.score === threshold);
      const rate = SYNTHETIC_512.calibration[at]?.falseMatchRate ?? 1;
      const lower = SYNTHETIC_512.calibration[at - 1]?.falseMatchRate ?? 1;
      expect(gallerySize * rate).toBeLessThanOrEqual(falsePositiveRate);
      expect(gallerySize * lower).toBeGreaterThan(falsePositiveRate);
    },
  );

  test('rises with the gallery', () => {
    const sizes = [10, 1_000, 100_000, 10_000_000];
    const thresholds = sizes.map((gallerySize) =>
      thresholdOf(SYNTHETIC_512, { gallerySize, falsePositiveRate: 0.001 }),
    );
    expect(thresholds).toEqual(thresholds.toSorted((a, b) => a - b));
    expect(new Set(thresholds).size).toBe(sizes.length);
  });

  test('is refused, not guessed, beyond what was calibrated', () => {
    const coarse: Extractor = {
      ...SYNTHETIC_512,
      calibration: [
        { score: 0.1, falseMatchRate: 0.01 },
        { score: 0.2, falseMatchRate: 0.000_01 },
      ],
    };
    const ask = (gallerySize: number): number =>
      thresholdOf(coarse, { gallerySize, falsePositiveRate: 0.001 });
    expect(ask(100)).toBe(0.2);
    expect(() => ask(101)).toThrow('ends at a false-match rate of 0.00001');
  });
});

test('the synthetic calibration is the tail of the cosine of two random directions in 512 dimensions', () => {
  // Simpson's rule over the density (1 − c²)^((512 − 3) / 2).
  const density = (c: number): number => (1 - c * c) ** (509 / 2);
  const integral = (from: number, to: number, steps = 20_000): number => {
    const width = (to - from) / steps;
    let sum = density(from) + density(to);
    for (let step = 1; step < steps; step += 1) {
      sum += density(from + step * width) * (step % 2 === 1 ? 4 : 2);
    }
    return (sum * width) / 3;
  };
  const whole = integral(-1, 1);
  for (const { score, falseMatchRate } of SYNTHETIC_512.calibration) {
    const expected = integral(score, 1) / whole;
    expect(falseMatchRate / expected).toBeGreaterThan(0.999);
    expect(falseMatchRate / expected).toBeLessThan(1.001);
  }
});

describe('an extractor is refused when', () => {
  test.each<[string, Partial<Extractor>, string]>([
    ['its id has no version', { id: 'synthetic' }, 'name/1'],
    [
      'its rates do not fall',
      {
        calibration: [
          { score: 0.1, falseMatchRate: 0.1 },
          { score: 0.2, falseMatchRate: 0.1 },
        ],
      },
      'falling rates',
    ],
    ['it has one point', { calibration: [{ score: 0.1, falseMatchRate: 0.1 }] }, 'two points'],
    ['it has no dimensions', { dimensions: 0 }, 'dimensions'],
  ])('%s', (_name, changed, words) => {
    expect(() => createExtractors([{ ...SYNTHETIC_512, ...changed }])).toThrow(words);
  });
});

describe('scores become', () => {
  const rules = { threshold: 0.3, marginMin: 0.05 };
  test.each([
    ['no match when nobody is enrolled', [], 'no_match', null],
    ['no match below the threshold', [{ personId: 'a', score: 0.29 }], 'no_match', null],
    [
      'a match at the threshold when nobody else is there',
      [{ personId: 'a', score: 0.3 }],
      'match',
      'a',
    ],
    [
      'a match with margin enough',
      [
        { personId: 'a', score: 0.5 },
        { personId: 'b', score: 0.4 },
      ],
      'match',
      'a',
    ],
    [
      'ambiguous, and name nobody, when the second is too near',
      [
        { personId: 'a', score: 0.5 },
        { personId: 'b', score: 0.47 },
      ],
      'ambiguous',
      null,
    ],
  ])('%s', (_name, candidates, outcome, personId) => {
    expect(judge(candidates, rules)).toMatchObject({ outcome, personId });
  });
});
