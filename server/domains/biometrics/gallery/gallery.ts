// The galleries of all organizations in memory: a cache of the template table that can be rebuilt from
// it at any time. Adds, erases and searches; who follows the database is follower.ts.

import type { Logger } from 'pino';
import { AppError } from '../../../shared/errors.ts';
import type { Candidate } from '../identification.ts';
import type { GalleryKey } from '../template.ts';
import { createMatrix, type Matrix, type RowLabel } from './matrix.ts';
import type { Hit } from './scan.ts';
import type { SearchPool } from './search-pool.ts';

export interface Gallery {
  /** Adding what is here already changes nothing. */
  add(key: GalleryKey, label: RowLabel, vector: Float32Array): void;
  /** Bites at once: no search that ends later returns it. */
  erase(templateId: string): void;
  has(templateId: string): boolean;
  size(key: GalleryKey): number;
  /** The best score of each of the best persons, best first; two or more where there are two. */
  search(key: GalleryKey, query: Float32Array): Promise<Candidate[]>;
  stats(): GalleryStats[];
}

export interface GalleryStats extends GalleryKey {
  templates: number;
  hidden: number;
  searches: number;
}

interface Shelf {
  key: GalleryKey;
  matrix: Matrix;
  searching: number;
  searches: number;
  /** Searches that wait until erased rows are filled. */
  waiting: (() => void)[];
  isOverfull: boolean;
}

/** Rows asked for: more than one person's templates, so that the second person is among them. */
const K_FIRST = 6;
/** So many erased rows may wait for a quiet moment; then searches wait for them. */
const HIDDEN_MAX = 1_000;
const SCORE_TOLERANCE = 1e-3;

export function createGallery(options: {
  pool: SearchPool;
  galleryMax: number;
  log: Logger;
}): Gallery {
  const { pool, galleryMax, log } = options;
  const shelves = new Map<string, Shelf>();
  const shelfOfTemplate = new Map<string, Shelf>();
  const find = (key: GalleryKey): Shelf | undefined => shelves.get(nameOf(key));

  return {
    add: (key, label, vector) => {
      if (shelfOfTemplate.has(label.templateId)) return;
      const shelf = find(key) ?? createShelf(key, vector.length);
      shelves.set(nameOf(key), shelf);
      if (shelf.matrix.size() >= galleryMax) {
        if (!shelf.isOverfull) log.error({ ...key, gallery_max: galleryMax }, 'a gallery is full');
        shelf.isOverfull = true;
        return;
      }
      shelf.matrix.append(label, vector);
      shelfOfTemplate.set(label.templateId, shelf);
      pool.expect(shelf.matrix.size() * vector.length);
    },
    erase: (templateId) => {
      const shelf = shelfOfTemplate.get(templateId);
      if (shelf === undefined) return;
      shelfOfTemplate.delete(templateId);
      shelf.matrix.hide(templateId);
      tidy(shelf);
    },
    has: (templateId) => shelfOfTemplate.has(templateId),
    size: (key) => find(key)?.matrix.size() ?? 0,
    search: async (key, query) => {
      const shelf = find(key);
      if (shelf === undefined || shelf.matrix.size() === 0) return [];
      // A gallery that could not take everybody would refuse them without a word.
      if (shelf.isOverfull) throw overfull(galleryMax);
      return search(shelf, query, pool);
    },
    stats: () =>
      [...shelves.values()].map(({ key, matrix, searches }) => ({
        ...key,
        templates: matrix.size(),
        hidden: matrix.hidden(),
        searches,
      })),
  };
}

function createShelf(key: GalleryKey, dimensions: number): Shelf {
  return {
    key,
    matrix: createMatrix(dimensions),
    searching: 0,
    searches: 0,
    waiting: [],
    isOverfull: false,
  };
}

function nameOf({ orgId, modality, extractor }: GalleryKey): string {
  return `${orgId}|${modality}|${extractor}`;
}

async function search(shelf: Shelf, query: Float32Array, pool: SearchPool): Promise<Candidate[]> {
  while (shelf.matrix.hidden() > HIDDEN_MAX) {
    await new Promise<void>((resolve) => shelf.waiting.push(resolve));
  }
  shelf.searching += 1;
  shelf.searches += 1;
  try {
    // Rows stand still while `searching` is not zero; appended ones are not part of this search.
    const parts = shelf.matrix.parts();
    const rows = parts.reduce((sum, part) => sum + part.rows, 0);
    for (let k = K_FIRST; ; k *= 4) {
      const hits = await trustedHits(shelf.matrix, query, { pool, parts, k });
      const candidates = bestOfEachPerson(shelf.matrix, hits);
      if (candidates.length >= 2 || k >= rows) return candidates;
    }
  } finally {
    shelf.searching -= 1;
    tidy(shelf);
  }
}

/** The best row's score is worked out again here; a library that disagrees is not asked any more. */
async function trustedHits(
  matrix: Matrix,
  query: Float32Array,
  { pool, parts, k }: { pool: SearchPool; parts: ReturnType<Matrix['parts']>; k: number },
): Promise<Hit[]> {
  const hits = await pool.search(query, parts, k);
  const best = hits[0];
  if (best === undefined || matrix.labelOf(best.row) === null) return hits;
  const exact = matrix.scoreOf(best.row, query);
  if (Math.abs(exact - best.score) <= SCORE_TOLERANCE) return hits;
  await pool.distrust(`a score of ${best.score} was found where ${exact} is right`);
  return pool.search(query, parts, k);
}

function bestOfEachPerson(matrix: Matrix, hits: readonly Hit[]): Candidate[] {
  const best = new Map<string, number>();
  for (const { row, score } of hits) {
    const label = matrix.labelOf(row);
    if (label !== null && !best.has(label.personId)) best.set(label.personId, score);
  }
  return [...best].map(([personId, score]) => ({ personId, score }));
}

function tidy(shelf: Shelf): void {
  if (shelf.searching > 0 || shelf.matrix.hidden() === 0) return;
  shelf.matrix.compact();
  const waiting = shelf.waiting.splice(0);
  for (const proceed of waiting) proceed();
}

function overfull(galleryMax: number): AppError {
  return new AppError(
    'unavailable',
    `Expected a gallery of at most ${galleryMax} templates, found more enrolled: ` +
      'raise identification.gallery_max or erase templates.',
  );
}
