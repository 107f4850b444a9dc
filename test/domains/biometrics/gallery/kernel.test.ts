import { describe, expect, test } from '@jest/globals';
import { loadKernel, selfTest } from '../../../../server/domains/biometrics/gallery/kernel.ts';
import { mergeHits, scan } from '../../../../server/domains/biometrics/gallery/scan.ts';
import { seededRandom } from '../../../support/world.ts';

const DIMENSIONS = 512;
const ROWS = 3_000;

function unitRows(seed: number): Float32Array {
  const random = seededRandom(seed);
  const data = new Float32Array(new SharedArrayBuffer(ROWS * DIMENSIONS * 4));
  for (let row = 0; row < ROWS; row += 1) {
    let sum = 0;
    const start = row * DIMENSIONS;
    for (let index = start; index < start + DIMENSIONS; index += 1) {
      const value = random.fraction() - 0.5;
      data[index] = value;
      sum += value * value;
    }
    const length = Math.sqrt(sum);
    for (let index = start; index < start + DIMENSIONS; index += 1) {
      data[index] = (data[index] ?? 0) / length;
    }
  }
  return data;
}

describe('the library', () => {
  test('is there on this platform and passes its self-test', async () => {
    expect(await loadKernel()).toMatchObject({ name: 'usearch', trouble: null });
  });

  test('finds the same rows at the same scores as the plain loop, whatever part of a segment is filled', async () => {
    const { kernel } = await loadKernel();
    const data = unitRows(1);
    for (const rows of [0, 1, 5, 777, ROWS]) {
      for (let probe = 0; probe < 20; probe += 1) {
        const start = probe * 97 * DIMENSIONS;
        // A view with an offset on purpose: the library would read from the buffer's first byte.
        const query = data.subarray(start, start + DIMENSIONS);
        const wanted = { rows, k: 32 };
        const found = kernel(data, query, wanted);
        const expected = scan(data, query, wanted);
        expect(found.map((hit) => hit.row)).toEqual(expected.map((hit) => hit.row));
        for (const [place, hit] of found.entries()) {
          expect(hit.score).toBeCloseTo(expected[place]?.score ?? 0, 4);
        }
      }
    }
  });

  test('is never given data that starts inside a buffer', async () => {
    const { kernel } = await loadKernel();
    const data = unitRows(2);
    const view = data.subarray(DIMENSIONS);
    const query = data.slice(0, DIMENSIONS);
    expect(() => kernel(view, query, { rows: 10, k: 2 })).toThrow('offset');
  });
});

test('the self-test finds a kernel that reads the query from the wrong place', () => {
  const wrong: typeof scan = (data, query, wanted) =>
    scan(data, new Float32Array(query.buffer, 0, query.length), wanted);
  expect(selfTest(wrong)).toMatch('self-test failed');
  expect(selfTest((data, query, wanted) => scan(data, query, wanted).toReversed())).not.toBeNull();
  expect(selfTest(scan)).toBeNull();
});

test('merging keeps the best of all lists, best first', () => {
  const lists = [
    [
      { row: 1, score: 0.9 },
      { row: 2, score: 0.1 },
    ],
    [{ row: 7, score: 0.5 }],
  ];
  expect(mergeHits(lists, 2).map((hit) => hit.row)).toEqual([1, 7]);
});
