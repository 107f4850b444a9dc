import { describe, expect, test } from '@jest/globals';
import {
  coarsen,
  errorBound,
  scaleOf,
} from '../../../../server/domains/biometrics/gallery/coarse.ts';
import { loadKernel, LOOP } from '../../../../server/domains/biometrics/gallery/kernel.ts';
import { createMatrix, type Matrix } from '../../../../server/domains/biometrics/gallery/matrix.ts';
import { innerProduct } from '../../../../server/domains/biometrics/gallery/scan.ts';
import { searchParts } from '../../../../server/domains/biometrics/gallery/search-parts.ts';
import { seededRandom } from '../../../support/world.ts';

const loaded = await loadKernel();
const { coarse } = loaded;
if (coarse === null) throw new Error('Expected the library, found the plain loop.');

const random = seededRandom(7);

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** About a normal distribution. */
function draw(dimensions: number): Float32Array {
  const value = (): number =>
    random.fraction() + random.fraction() + random.fraction() + random.fraction() - 2;
  return unit(Float32Array.from({ length: dimensions }, value));
}

function near(vector: Float32Array, distance: number): Float32Array {
  const other = draw(vector.length);
  return unit(vector.map((value, index) => value + distance * (other[index] ?? 0)));
}

function filled(vectors: readonly Float32Array[], segmentRows: number): Matrix {
  const matrix = createMatrix(vectors[0]?.length ?? 0, segmentRows);
  for (const [row, vector] of vectors.entries())
    matrix.append({ templateId: `t${row}`, personId: `p${row}` }, vector);
  return matrix;
}

/** By a plain loop over every row. */
function truth(vectors: readonly Float32Array[], query: Float32Array, k: number): number[] {
  return vectors
    .map((vector) => innerProduct(vector, 0, query))
    .toSorted((a, b) => b - a)
    .slice(0, k);
}

const ONE_HOT = (dimensions: number): Float32Array =>
  Float32Array.from({ length: dimensions }, (_, index) => (index === 3 ? 1 : 0));

describe('a search by steps finds what a loop over every row finds', () => {
  test.each([
    ['faces of 512 values', () => Array.from({ length: 1_500 }, () => draw(512)), 500],
    ['128 values', () => Array.from({ length: 2_000 }, () => draw(128)), 700],
    ['16 values', () => Array.from({ length: 500 }, () => draw(16)), 64],
    [
      'thousands that differ by less than is lost of them',
      () => {
        const one = draw(512);
        return Array.from({ length: 1_500 }, () => near(one, 0.02));
      },
      1_500,
    ],
    [
      'the same vector many times',
      () => {
        const [one, two] = [draw(64), draw(64)];
        return Array.from({ length: 900 }, (_, row) => (row % 7 === 0 ? two : one));
      },
      300,
    ],
    [
      'some that are no ordinary vectors',
      () => Array.from({ length: 600 }, (_, row) => (row % 250 === 3 ? ONE_HOT(512) : draw(512))),
      200,
    ],
  ] as const)('%s', (_name, make, segmentRows) => {
    const vectors = make();
    const parts = filled(vectors, segmentRows).parts();
    const dimensions = vectors[0]?.length ?? 0;
    const queries = [
      ...vectors.filter((_vector, row) => row % Math.ceil(vectors.length / 12) === 0),
      ...Array.from({ length: 4 }, () => draw(dimensions)),
      near(vectors[5] as Float32Array, 0.4),
      ONE_HOT(dimensions),
    ];
    for (const query of queries) {
      for (const k of [1, 6, 24]) {
        const { hits, doubt } = searchParts(loaded, { query, parts, k });
        expect(doubt).toBeNull();
        expect(new Set(hits.map(({ row }) => row)).size).toBe(k);
        // The library's own scores are sums of float32.
        for (const [place, score] of truth(vectors, query, k).entries()) {
          const { row, score: found } = hits[place] ?? { row: -1, score: Number.NaN };
          expect(found).toBeCloseTo(score, 6);
          expect(innerProduct(vectors[row] as Float32Array, 0, query)).toBeCloseTo(score, 6);
        }
      }
    }
  });

  test('reads the values themselves only where steps lose too much, or without the library', () => {
    const odd = filled([draw(512), ONE_HOT(512)], 1).parts();
    expect(odd.map((part) => part.coarse === null)).toEqual([false, true]);
    const query = draw(512);
    const parts = filled([draw(512), draw(512)], 8).parts();
    const byLoop = searchParts(LOOP, { query, parts, k: 2 });
    const bySteps = searchParts(loaded, { query, parts, k: 2 });
    expect(byLoop.hits.map(({ row }) => row)).toEqual(bySteps.hits.map(({ row }) => row));
  });
});

describe('how much is read', () => {
  const counted = (): { kernels: typeof loaded; reads: string[] } => {
    const reads: string[] = [];
    const kernels = {
      ...loaded,
      coarse: (...asked: Parameters<typeof coarse>) => (reads.push('steps'), coarse(...asked)),
      kernel: (...asked: Parameters<typeof loaded.kernel>) => (
        reads.push('values'),
        loaded.kernel(...asked)
      ),
    };
    return { kernels, reads };
  };

  test.each([
    ['steps once, of faces', () => Array.from({ length: 900 }, () => draw(512)), draw, ['steps']],
    [
      'values at once, for a query that is no ordinary vector',
      () => Array.from({ length: 900 }, () => draw(512)),
      ONE_HOT,
      ['values'],
    ],
    [
      'values after two tries, where all are too much alike',
      () => {
        const one = draw(512);
        return Array.from({ length: 5_000 }, () => near(one, 0.01));
      },
      draw,
      ['steps', 'steps', 'values'],
    ],
  ] as const)('%s', (_name, make, ask, wanted) => {
    const parts = filled(make(), 8_192).parts();
    const { kernels, reads } = counted();
    searchParts(kernels, { query: ask(512), parts, k: 6 });
    expect(reads).toEqual(wanted);
  });
});

describe('what is lost', () => {
  test('is never more than the bound says', () => {
    for (const dimensions of [16, 128, 512]) {
      const scale = scaleOf(dimensions);
      for (let turn = 0; turn < 200; turn += 1) {
        const [a, b] = [draw(dimensions), turn % 2 === 0 ? draw(dimensions) : ONE_HOT(dimensions)];
        const [x, y] = [new Int8Array(dimensions), new Int8Array(dimensions)];
        const bound = errorBound(coarsen(a, x, scale), coarsen(b, y, scale));
        const about = x.reduce((sum, step, index) => sum + step * (y[index] ?? 0), 0) / scale ** 2;
        expect(Math.abs(about - innerProduct(a, 0, b))).toBeLessThanOrEqual(bound);
      }
    }
  });
});

describe('a library that is not right', () => {
  const vectors = Array.from({ length: 400 }, () => draw(64));
  const parts = filled(vectors, 400).parts();

  test('is doubted when its score is not that of the row', () => {
    const lying = {
      ...loaded,
      coarse: (...asked: Parameters<typeof coarse>) =>
        coarse(...asked).map((hit) => ({ ...hit, row: (hit.row + 1) % 400 })),
    };
    const { doubt } = searchParts(lying, { query: vectors[9] as Float32Array, parts, k: 3 });
    expect(doubt).toMatch(/was found where/);
  });

  test('is not doubted for a row that is erased while it searches, which nobody finds', () => {
    const matrix = filled(vectors, 400);
    const erasing = {
      ...loaded,
      coarse: (...asked: Parameters<typeof coarse>) => {
        const found = coarse(...asked);
        matrix.hide('t9');
        return found;
      },
    };
    const wanted = { query: vectors[9] as Float32Array, parts: matrix.parts(), k: 3 };
    const { hits, doubt } = searchParts(erasing, wanted);
    expect(doubt).toBeNull();
    expect(hits.map(({ row }) => row)).not.toContain(9);
    expect(hits).toHaveLength(3);
  });
});
