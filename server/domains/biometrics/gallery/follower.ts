// Keeps the gallery equal to the database: loads it at the start, then follows the event log under the
// gap rule. Knows how far behind it may be; beyond the stated bound nobody is identified, because an
// erasure could be missed. A template that does not open is told and passed over, never fatal.

import type { EngineDatabase } from '../../../platform/database/database.ts';
import type { Deps } from '../../../platform/deps.ts';
import { collectGarbage } from '../../../platform/give-back-memory.ts';
import { toError } from '../../../shared/errors.ts';
import type { Timer } from '../../../shared/world.ts';
import type { Change, ChangeFeed } from '../../audit/index.ts';
import type { OrgKeys } from '../org-keys.ts';
import { openPersonKey, openTemplate } from '../seal-template.ts';
import { type GalleryRow, selectGalleryPage, selectGalleryRows } from '../store-gallery.ts';
import type { Gallery } from './gallery.ts';

export interface Follower {
  /** Loads everything, then follows until stopped. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** A hint that something changed; polling is the truth. */
  nudge(): void;
  /** Everything committed longer ago than this is in the gallery. Infinity until it is loaded. */
  lagMs(): number;
  loaded(): { templates: number; tookMs: number } | null;
  /** Templates that did not open since the start. */
  unreadable(): number;
}

export interface FollowerParts {
  deps: Pick<Deps, 'databases' | 'world' | 'log'>;
  feed: ChangeFeed;
  keys: OrgKeys;
  gallery: Gallery;
}

export const POLL_MS = 200;
const PAGE_ROWS = 128;
/** So many templates are opened before others get their turn: about five milliseconds. */
const TURN_ROWS = 64;
/** Looks at the log that wait for their confirmation; a busy database confirms within a few. */
const LOOKS_MAX = 256;
/** Opening a template leaves keys and ciphers behind; so many of them are a few megabytes. */
const COLLECT_ROWS = 16 * PAGE_ROWS;
const TYPES = ['template.enrolled', 'template.erased'];

/** Where the follower stands in the event log, and since when that is known. */
interface Progress {
  pos: number;
  confirmedAt: number;
  /** Heights of the log by the time they were looked at, not yet reached. */
  looks: { height: number; at: number }[];
  loaded: ReturnType<Follower['loaded']>;
  unreadable: number;
}

export function createFollower(parts: FollowerParts): Follower {
  const { world, log } = parts.deps;
  const progress: Progress = {
    pos: 0,
    confirmedAt: Number.NEGATIVE_INFINITY,
    looks: [],
    loaded: null,
    unreadable: 0,
  };
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  let isWanted = false;

  const run = (): void => {
    if (timer === null) return;
    isWanted = true;
    running ??= rounds().finally(() => (running = null));
  };
  const rounds = async (): Promise<void> => {
    while (isWanted) {
      isWanted = false;
      await catchUp(parts, progress).catch((error: unknown) => {
        log.warn({ err: toError(error) }, 'the gallery could not follow the database');
      });
    }
  };
  return {
    start: async () => {
      await load(parts, progress);
      timer = world.timers.every(POLL_MS, run);
    },
    stop: async () => {
      timer?.cancel();
      timer = null;
      isWanted = false;
      await running;
      progress.confirmedAt = Number.NEGATIVE_INFINITY;
    },
    nudge: run,
    lagMs: () =>
      progress.loaded === null
        ? Number.POSITIVE_INFINITY
        : world.monotonic() - progress.confirmedAt,
    loaded: () => progress.loaded,
    unreadable: () => progress.unreadable,
  };
}

async function load(parts: FollowerParts, progress: Progress): Promise<void> {
  const { deps, feed } = parts;
  const startedAt = deps.world.monotonic();
  progress.pos = await feed.settled();
  let templates = 0;
  let after = { orgId: '', templateId: '' };
  for (;;) {
    const rows = await selectGalleryPage(deps.databases.engine, { after, limit: PAGE_ROWS });
    progress.unreadable += await addRows(parts, rows);
    templates += rows.length;
    if (templates % COLLECT_ROWS === 0) collectGarbage();
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) break;
    after = last;
  }
  await catchUp(parts, progress);
  const tookMs = deps.world.monotonic() - startedAt;
  progress.loaded = { templates, tookMs };
  const { unreadable } = progress;
  deps.log.info({ templates, unreadable, took_ms: Math.round(tookMs) }, 'the gallery is loaded');
}

async function catchUp(parts: FollowerParts, progress: Progress): Promise<void> {
  const { engine } = parts.deps.databases;
  // Looked at before reading: what was committed by then is below the height.
  const at = parts.deps.world.monotonic();
  const height = await engine.dialect.gap.highest(engine, 'event');
  progress.looks = [...progress.looks, { height, at }].slice(-LOOKS_MAX);
  for (;;) {
    const wanted = { types: TYPES, afterPos: progress.pos, limit: PAGE_ROWS };
    const { changes, settledPos } = await parts.feed.readChanges(wanted);
    progress.unreadable += await applyChanges(parts, engine, changes);
    const isEnd = changes.length < PAGE_ROWS;
    progress.pos = isEnd
      ? Math.max(progress.pos, settledPos)
      : (changes.at(-1)?.pos ?? progress.pos);
    if (isEnd) break;
  }
  const reached = progress.looks.filter((look) => look.height <= progress.pos);
  progress.confirmedAt = Math.max(progress.confirmedAt, ...reached.map((look) => look.at));
  progress.looks = progress.looks.filter((look) => look.height > progress.pos);
}

/** Erasures first: what a page both enrols and erases is erased in the table by now. */
async function applyChanges(
  parts: FollowerParts,
  engine: EngineDatabase,
  changes: readonly Change[],
): Promise<number> {
  const enrolled = new Map<string, string[]>();
  for (const { type, orgId, subjectId } of changes) {
    if (type === 'template.erased') parts.gallery.erase(subjectId);
    else if (!parts.gallery.has(subjectId)) {
      enrolled.set(orgId, [...(enrolled.get(orgId) ?? []), subjectId]);
    }
  }
  let unreadable = 0;
  for (const [orgId, templateIds] of enrolled) {
    unreadable += await addRows(parts, await selectGalleryRows(engine, orgId, templateIds));
  }
  return unreadable;
}

/** Returns how many did not open. */
async function addRows(parts: FollowerParts, rows: readonly GalleryRow[]): Promise<number> {
  let unreadable = 0;
  for (const [index, row] of rows.entries()) {
    if (index % TURN_ROWS === TURN_ROWS - 1) await nextTurn();
    try {
      await addRow(parts, row);
    } catch (error) {
      unreadable += 1;
      const where = { org_id: row.orgId, template_id: row.templateId };
      parts.deps.log.error({ err: toError(error), ...where }, 'a template could not be read');
    }
  }
  return unreadable;
}

async function addRow({ keys, gallery }: FollowerParts, row: GalleryRow): Promise<void> {
  const { orgId, personId, templateId, modality, extractor } = row;
  let ring = await keys.ringOf(orgId);
  if (!ring.byId.has(row.orgKeyId)) ring = await keys.freshRingOf(orgId);
  const key = openPersonKey(ring, orgId, row);
  const binding = { orgId, personId, templateId, modality, extractor };
  const vector = openTemplate(key, binding, row.sealed);
  gallery.add({ orgId, modality, extractor }, { templateId, personId }, vector);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
