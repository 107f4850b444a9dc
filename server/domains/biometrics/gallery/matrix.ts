// The vectors of one gallery in shared memory, as segments that never move: growing adds a segment, and
// every view of one starts at its first byte. Knows whose row is whose; does not search.
//
// A row leaves in two steps: hidden at once (zeroed, its label gone), and its place filled by the last
// row once nobody searches, because a row that moves under a search could be missed.

export interface RowLabel {
  templateId: string;
  personId: string;
}

/** The filled part of a segment, as a search is given it. */
export interface Part {
  memory: SharedArrayBuffer;
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

interface Rows {
  dimensions: number;
  segmentRows: number;
  segments: Float32Array[];
  labels: (RowLabel | null)[];
  rowOf: Map<string, number>;
  holes: number[];
}

export function createMatrix(dimensions: number, segmentRows = SEGMENT_ROWS): Matrix {
  const rows: Rows = {
    dimensions,
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
      const vector = vectorAt(rows, row);
      let sum = 0;
      for (let index = 0; index < dimensions; index += 1) {
        sum += (vector[index] ?? 0) * (query[index] ?? 0);
      }
      return sum;
    },
  };
}

function vectorAt({ segments, segmentRows, dimensions }: Rows, row: number): Float32Array {
  const segment = segments[Math.floor(row / segmentRows)];
  if (segment === undefined) throw new Error('Invariant broken: a row outside the matrix');
  const start = (row % segmentRows) * dimensions;
  return segment.subarray(start, start + dimensions);
}

function partsOf({ segments, segmentRows, labels }: Rows): Part[] {
  return segments.map((segment, index) => ({
    memory: segment.buffer as SharedArrayBuffer,
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
    segments.push(new Float32Array(new SharedArrayBuffer(segmentRows * dimensions * 4)));
  }
  vectorAt(rows, row).set(vector);
  labels.push(label);
  rowOf.set(label.templateId, row);
}

function hide(rows: Rows, templateId: string): boolean {
  const row = rows.rowOf.get(templateId);
  if (row === undefined) return false;
  vectorAt(rows, row).fill(0);
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
      vectorAt(rows, hole).set(vectorAt(rows, last));
      vectorAt(rows, last).fill(0);
      labels[hole] = label;
      rowOf.set(label.templateId, hole);
    }
    labels.pop();
    if (segments.length > Math.ceil(labels.length / segmentRows)) segments.pop();
  }
  holes.length = 0;
}
