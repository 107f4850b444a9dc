import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import {
  createGallery,
  type Gallery,
} from '../../../../server/domains/biometrics/gallery/gallery.ts';
import { createMatrix, type Matrix } from '../../../../server/domains/biometrics/gallery/matrix.ts';
import {
  createSearchPool,
  type SearchPool,
} from '../../../../server/domains/biometrics/gallery/search-pool.ts';
import { seededRandom } from '../../../support/world.ts';

const log = pino({ enabled: false });
const DIMENSIONS = 16;
const KEY = { orgId: 'org_a', modality: 'face', extractor: 'test/1' } as const;
const pools: SearchPool[] = [];

async function startPool(
  options: { workers?: number; useLoop?: boolean } = {},
): Promise<SearchPool> {
  const pool = createSearchPool({ workers: 1, log, ...options });
  pools.push(pool);
  await pool.start();
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.stop();
});

function unit(seed: number): Float32Array {
  const random = seededRandom(seed);
  const vector = Float32Array.from({ length: DIMENSIONS }, () => random.fraction() - 0.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function filledMatrix(rows: number, segmentRows: number): Matrix {
  const matrix = createMatrix(DIMENSIONS, segmentRows);
  for (let row = 0; row < rows; row += 1) {
    matrix.append({ templateId: `t${row}`, personId: `p${row}` }, unit(row));
  }
  return matrix;
}

function filledGallery(pool: SearchPool, rows: number): Gallery {
  const gallery = createGallery({ pool, galleryMax: 10_000, log });
  for (let row = 0; row < rows; row += 1) {
    gallery.add(KEY, { templateId: `t${row}`, personId: `p${row}` }, unit(row));
  }
  return gallery;
}

describe('a search', () => {
  test.each([
    ['one thread', { workers: 1 }],
    ['three threads that share the segments', { workers: 3 }],
    ['the plain loop', { workers: 2, useLoop: true }],
  ])('by %s finds the same rows in all segments', async (_name, options) => {
    const pool = await startPool(options);
    expect(pool.kernel()).toBe('useLoop' in options ? 'loop' : 'usearch');
    const matrix = filledMatrix(100, 9);
    for (let row = 0; row < 100; row += 7) {
      const [best] = await pool.search(unit(row), matrix.parts(), 5);
      expect(best?.row).toBe(row);
      expect(best?.score).toBeCloseTo(1, 4);
    }
  });

  test('of many in one turn finds what each finds alone, by this thread or another', async () => {
    const pool = await startPool({ workers: 2 });
    const parts = filledMatrix(100, 9).parts();
    const asked = Array.from({ length: 12 }, (_, at) => at * 8);
    const together = await Promise.all(asked.map((row) => pool.search(unit(row), parts, 3)));
    expect(together.map(([best]) => best?.row)).toEqual(asked);
    for (const [at, row] of asked.entries()) {
      await setImmediate();
      const alone = await pool.search(unit(row), parts, 3);
      expect(alone.map((hit) => hit.row)).toEqual(together[at]?.map((hit) => hit.row));
    }
  });

  test('lets the event loop go on between two of its own', async () => {
    const pool = await startPool();
    const parts = filledMatrix(100, 9).parts();
    const order: string[] = [];
    const search = async (name: string): Promise<void> => {
      await pool.search(unit(1), parts, 2);
      order.push(name);
    };
    const all = [search('here'), search('by a thread')];
    queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => order.push('what waited'))));
    await Promise.all(all);
    expect(order).toEqual(['here', 'what waited', 'by a thread']);
  });

  test('fails as unavailable when there is no thread', async () => {
    const pool = await startPool();
    await pool.stop();
    await expect(pool.search(unit(1), filledMatrix(3, 8).parts(), 2)).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('goes to the plain loop for good once the library is distrusted', async () => {
    const pool = await startPool({ workers: 2 });
    await pool.distrust('a test');
    expect(pool.kernel()).toBe('loop');
    const [best] = await pool.search(unit(5), filledMatrix(20, 8).parts(), 2);
    expect(best?.row).toBe(5);
  });
});

describe('the gallery', () => {
  test('asks no more of a library whose score is not the right one', async () => {
    const pool = await startPool();
    let lies = 0;
    const lying: SearchPool = {
      ...pool,
      search: async (query, parts, k) => {
        const hits = await pool.search(query, parts, k);
        if (pool.kernel() === 'loop') return hits;
        lies += 1;
        return hits.map((hit, place) => ({ ...hit, row: hits[hits.length - 1 - place]?.row ?? 0 }));
      },
    };
    const gallery = filledGallery(lying, 50);
    const [best] = await gallery.search(KEY, unit(9));
    expect(best?.personId).toBe('p9');
    expect(lies).toBe(1);
    expect(pool.kernel()).toBe('loop');
  });

  test('never returns a template that was erased while the search ran', async () => {
    const pool = await startPool();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const slow: SearchPool = {
      ...pool,
      search: async (query, parts, k) => {
        const hits = await pool.search(query, parts, k);
        await held;
        return hits;
      },
    };
    const gallery = filledGallery(slow, 50);
    const searching = gallery.search(KEY, unit(9));
    gallery.erase('t9');
    gallery.erase('t49');
    gallery.add(KEY, { templateId: 't50', personId: 'p50' }, unit(50));
    letGo();
    const candidates = await searching;
    expect(candidates.map((candidate) => candidate.personId)).not.toContain('p9');
    // Rows were filled only after the search: everybody else is found where they stand now.
    for (const row of [0, 8, 10, 48, 50]) {
      const [best] = await gallery.search(KEY, unit(row));
      expect(best?.personId).toBe(`p${row}`);
    }
    expect(gallery.stats()).toMatchObject([{ templates: 49, hidden: 0 }]);
  });

  test('finds a second person behind more templates of the first than it asks for at first', async () => {
    const pool = await startPool();
    const gallery = createGallery({ pool, galleryMax: 10_000, log });
    for (let view = 0; view < 80; view += 1) {
      gallery.add(KEY, { templateId: `a${view}`, personId: 'a' }, unit(1));
    }
    gallery.add(KEY, { templateId: 'b', personId: 'b' }, unit(2));
    const candidates = await gallery.search(KEY, unit(1));
    expect(candidates.map((candidate) => candidate.personId)).toEqual(['a', 'b']);
  });

  test('of an organization without templates answers nobody', async () => {
    const gallery = filledGallery(await startPool(), 5);
    expect(await gallery.search({ ...KEY, orgId: 'org_b' }, unit(1))).toEqual([]);
    expect(gallery.size({ ...KEY, orgId: 'org_b' })).toBe(0);
  });
});
