// SYNTHETIC. How the simulated camera sees: each person has a centre, a direction in 512 dimensions drawn
// from the person's seed, and a capture lies the further from it the poorer it is. Centres of different
// people are independent, so that their scores follow the calibration of `synthetic-512/1`; lookalikes
// are the exception, made on purpose. Says nothing about real faces.

import { type Draw, drawFrom } from './gaussian.ts';

export const DIMENSIONS = 512;
/** Below it the appliance refuses a capture. */
export const QUALITY_FLOOR = 40;

/**
 * Who stands before the camera: a seed, or one made from another.
 * `twin of X`: another person nearly alike; enrolled beside X, neither can be told from the other.
 * `lookalike of X`: another person somewhat alike; nearer to X than to anybody, and not near enough.
 */
export const TWIN_OF = 'twin of ';
export const LOOKALIKE_OF = 'lookalike of ';

/** Cosines between the centres. */
const TWIN_COSINE = 0.995;
const LOOKALIKE_COSINE = 0.26;

export function centreOf(personSeed: string): Float32Array {
  const [base, cosine] = relativeOf(personSeed);
  const own = direction(drawFrom(`centre|${personSeed}`));
  return base === null ? own : mix(centreOf(base), own, cosine);
}

/** The person whose enrolment this one's resembles: a twin's capture is off in the same way. */
export function habitOf(personSeed: string): string {
  return personSeed.startsWith(TWIN_OF) ? habitOf(personSeed.slice(TWIN_OF.length)) : personSeed;
}

function relativeOf(personSeed: string): [string | null, number] {
  if (personSeed.startsWith(TWIN_OF)) return [personSeed.slice(TWIN_OF.length), TWIN_COSINE];
  if (personSeed.startsWith(LOOKALIKE_OF)) {
    return [personSeed.slice(LOOKALIKE_OF.length), LOOKALIKE_COSINE];
  }
  return [null, 0];
}

/** Of somebody who walks by: mostly fair, now and then too poor to use. */
export function drawPassingQuality(draw: Draw): number {
  if (draw.uniform() < POOR_SHARE) return 5 + Math.floor(draw.uniform() * (QUALITY_FLOOR - 5));
  return clamp(Math.round(70 + 10 * draw.normal()), QUALITY_FLOOR, 99);
}

/** Of somebody who stands still for it. */
export function drawPosedQuality(draw: Draw): number {
  return clamp(Math.round(93 + 3 * draw.normal()), 85, 99);
}

const POOR_SHARE = 0.03;

/** A capture of that quality around the centre: cosine to the centre grows with quality, and varies. */
export function capture(centre: Float32Array, quality: number, draw: Draw): Float32Array {
  const cosine = clamp(0.58 + 0.011 * (quality - 70) + 0.06 * draw.normal(), 0.02, 0.98);
  return mix(centre, direction(draw), cosine);
}

/** A unit vector at about that cosine to `from`: directions drawn at random are nearly orthogonal. */
function mix(from: Float32Array, other: Float32Array, cosine: number): Float32Array {
  const sine = Math.sqrt(1 - cosine * cosine);
  return normalized(from.map((value, index) => cosine * value + sine * (other[index] ?? 0)));
}

function direction(draw: Draw): Float32Array {
  return normalized(Float32Array.from({ length: DIMENSIONS }, () => draw.normal()));
}

function normalized(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  return vector.map((value) => value / length);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
