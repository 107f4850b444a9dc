// The vectors of one gallery in shared memory, as segments that never move: growing adds a segment, and
// every view of one starts at its first byte. Knows whose row is whose; does not search.
//
// A row leaves in two steps: hidden at once (zeroed, its label gone), and its place filled by the last
// row once nobody searches, because a row that moves under a search could be missed.

import { type Coarsened, coarsen, DIMENSIONS_MAX, LOST_MAX, scaleOf } from './coarse.ts';
import { innerProduct } from './scan.ts';

export interface RowLabel {
  templateId: string;
  personId: string;
}

/** The filled part of a segment, as a search is given it. */
export interface Part {
  memory: SharedArrayBuffer;
  /** The same rows in steps; null where too much would be lost. */
  coarse: { memory: SharedArrayBuffer; scale: number; worst: Coarsened } | null;
  firstRow: number;
  rows: number;
}

export interface Matrix {
  readonly dimensions: number;
  /** Templates that can be found. */
  size(): number;
  /** Rows that are hidden and not yet filled. */
  hidden(): number;
  parts(): Part[];
  append(label: RowLabel, vector: Float32Array): void;
  has(templateId: string): boolean;
  /** False when it was not here. */
  hide(templateId: string): boolean;
  /** Fills the hidden rows. Never while a search runs. */
  compact(): void;
  labelOf(row: number): RowLabel | null;
  /** The exact score of one row, in double precision: what a search's answer is checked against. */
  scoreOf(row: number, query: Float32Array): number;
}

/** 64 MiB at 512 dimensions; untouched pages cost nothing, and each call of the library about 30 µs. */
export const SEGMENT_ROWS = 32_768;

interface Segment {
  values: Float32Array;
  steps: Int8Array;
  /** Of all rows that ever stood here: the longest, and the most that was lost of one. */
  worst: Coarsened;
}

interface Rows {
  dimensions: number;
  scale: number;
  segmentRows: number;
  segments: Segment[];
  labels: (RowLabel | null)[];
  rowOf: Map<string, number>;
  holes: number[];
}

export function createMatrix(dimensions: number, segmentRows = SEGMENT_ROWS): Matrix {
  const rows: Rows = {
    dimensions,
    scale: scaleOf(dimensions),
    segmentRows,
    segments: [],
    labels: [],
    rowOf: new Map(),
    holes: [],
  };
  return {
    dimensions,
    size: () => rows.rowOf.size,
    hidden: () => rows.holes.length,
    parts: () => partsOf(rows),
    append: (label, vector) => append(rows, label, vector),
    has: (templateId) => rows.rowOf.has(templateId),
    hide: (templateId) => hide(rows, templateId),
    compact: () => compact(rows),
    labelOf: (row) => rows.labels[row] ?? null,
    scoreOf: (row, query) => {
      return innerProduct(placeOf(rows, row).vector, 0, query);
    },
  };
}

interface Place {
  segment: Segment;
  vector: Float32Array;
  steps: Int8Array;
}

function placeOf({ segments, segmentRows, dimensions }: Rows, row: number): Place {
  const segment = segments[Math.floor(row / segmentRows)];
  if (segment === undefined) throw new Error('Invariant broken: a row outside the matrix');
  const start = (row % segmentRows) * dimensions;
  const end = start + dimensions;
  const { values, steps } = segment;
  return { segment, vector: values.subarray(start, end), steps: steps.subarray(start, end) };
}

function partsOf({ segments, segmentRows, labels, scale, dimensions }: Rows): Part[] {
  return segments.map(({ values, steps, worst }, index) => ({
    memory: values.buffer as SharedArrayBuffer,
    // One row of which too much is lost makes its segment be searched by values.
    coarse:
      worst.lost > LOST_MAX || dimensions > DIMENSIONS_MAX
        ? null
        : { memory: steps.buffer as SharedArrayBuffer, scale, worst: { ...worst } },
    firstRow: index * segmentRows,
    rows: Math.min(segmentRows, labels.length - index * segmentRows),
  }));
}

function append(rows: Rows, label: RowLabel, vector: Float32Array): void {
  const { dimensions, segmentRows, segments, labels, rowOf } = rows;
  if (vector.length !== dimensions || rowOf.has(label.templateId)) {
    throw new Error('Invariant broken: a row of another size, or one that is here already');
  }
  const row = labels.length;
  if (row === segments.length * segmentRows) {
    segments.push({
      values: new Float32Array(new SharedArrayBuffer(segmentRows * dimensions * 4)),
      steps: new Int8Array(new SharedArrayBuffer(segmentRows * dimensions)),
      worst: { length: 0, lost: 0 },
    });
  }
  put(rows, row, vector);
  labels.push(label);
  rowOf.set(label.templateId, row);
}

function put(rows: Rows, row: number, vector: Float32Array): void {
  const { segment, vector: values, steps } = placeOf(rows, row);
  values.set(vector);
  const { length, lost } = coarsen(vector, steps, rows.scale);
  const { worst } = segment;
  segment.worst = {
    length: Math.max(worst.length, length),
    lost: Math.max(worst.lost, lost),
  };
}

function clear(rows: Rows, row: number): void {
  const { vector, steps } = placeOf(rows, row);
  // In this order: a search that reads the values half cleared finds the steps gone.
  steps.fill(0);
  vector.fill(0);
}

function hide(rows: Rows, templateId: string): boolean {
  const row = rows.rowOf.get(templateId);
  if (row === undefined) return false;
  clear(rows, row);
  rows.labels[row] = null;
  rows.rowOf.delete(templateId);
  rows.holes.push(row);
  return true;
}

/** From the highest hole down: whatever stands behind it is no hole. */
function compact(rows: Rows): void {
  const { labels, rowOf, segments, segmentRows, holes } = rows;
  for (const hole of holes.toSorted((a, b) => b - a)) {
    const last = labels.length - 1;
    const label = labels[last];
    if (hole !== last && label !== null && label !== undefined) {
      put(rows, hole, placeOf(rows, last).vector);
      clear(rows, last);
      labels[hole] = label;
      rowOf.set(label.templateId, hole);
    }
    labels.pop();
    if (segments.length > Math.ceil(labels.length / segmentRows)) segments.pop();
  }
  holes.length = 0;
}
