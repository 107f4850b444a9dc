// A vector in a quarter of its bytes: each value as one of 255 steps of the same width. How far the inner
// product of two such vectors can be from the right one is known (Cauchy–Schwarz), so that a search may sort by
// the coarse ones and still leave nobody out: see search-parts.ts.

/** Values of a unit vector are spread by 1/√dimensions; beyond seven times that, one is cut off. */
const SPREADS = 7;
const STEPS = 127;
/** So that inner products are integers that a float32 holds. */
export const DIMENSIONS_MAX = 1_024;

/** A vector of which more is lost is no ordinary one: it is searched for, and kept, by its values. */
export const LOST_MAX = 0.05;

/** Steps per one. */
export function scaleOf(dimensions: number): number {
  return STEPS / Math.min(1, SPREADS / Math.sqrt(dimensions));
}

export interface Coarsened {
  /** Length of the vector, and of what was lost of it. */
  length: number;
  lost: number;
}

/** Writes the steps of `vector` into `target`. */
export function coarsen(vector: Float32Array, target: Int8Array, scale: number): Coarsened {
  let length = 0;
  let lost = 0;
  for (let index = 0; index < vector.length; index += 1) {
    const value = vector[index] as number;
    const step = Math.max(-STEPS, Math.min(STEPS, Math.round(value * scale)));
    target[index] = step;
    const error = value - step / scale;
    length += value * value;
    lost += error * error;
  }
  return { length: Math.sqrt(length), lost: Math.sqrt(lost) };
}

/** x·q − x̂·q̂ = (x−x̂)·q + x·(q−q̂) − (x−x̂)·(q−q̂), and no product is longer than its two vectors. */
export function errorBound(rows: Coarsened, query: Coarsened): number {
  return rows.lost * query.length + rows.length * query.lost + rows.lost * query.lost + ROUNDING;
}

const ROUNDING = 1e-6;
