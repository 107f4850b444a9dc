// What the installer remembers of its runs: one line of JSON per event, flushed before the next effect.
// A run that was killed is unfinished; what its steps remembered is kept for the run that goes on. A torn
// last line is a line that was never written.

import type { Host } from '../host/host.ts';
import type { Remembered } from './step.ts';

type Entry =
  | { at: string; event: 'begin'; verb: string; target: string; risks?: readonly AcceptedRisk[] }
  | { at: string; event: 'before'; step: string; before: Remembered }
  | { at: string; event: 'done' | 'undone'; step: string }
  | { at: string; event: 'end'; outcome: string };

/** A check that said no, and was overruled. */
export interface AcceptedRisk {
  check: string;
  found: string;
}

type Told = Entry extends infer Each ? (Each extends Entry ? Omit<Each, 'at'> : never) : never;

export interface UnfinishedRun {
  verb: string;
  target: string;
  /** What each step that was begun remembered, the oldest first. */
  before: ReadonlyMap<string, Remembered>;
  /** Begun, and not known to be done. */
  open: ReadonlySet<string>;
}

export interface Journal {
  /** Whether any run was ever begun: the proof that something of ours is here. */
  hasBegun(): Promise<boolean>;
  unfinished(): Promise<UnfinishedRun | null>;
  tell(entry: Told): Promise<void>;
}

const KEPT_CHARACTERS_MAX = 256 * 1024;
const KEPT_LINES = 500;

export function openJournal(host: Host, file: string): Journal {
  return {
    hasBegun: async () =>
      entriesOf((await host.files.read(file)) ?? '').some(({ event }) => event === 'begin'),
    unfinished: async () => unfinishedOf(entriesOf((await host.files.read(file)) ?? '')),
    tell: async (told) => {
      const text = (await host.files.read(file)) ?? '';
      // Shortened only between runs: an unfinished one is needed whole.
      if (told.event === 'begin' && text.length > KEPT_CHARACTERS_MAX) {
        const kept = text.split('\n').slice(-KEPT_LINES).join('\n');
        await host.files.write(file, kept, 0o600);
      } else if (text !== '' && !text.endsWith('\n')) {
        // The torn line gets its end, so that the next one stands alone.
        await host.files.append(file, '');
      }
      const at = new Date(host.clock.nowMs()).toISOString();
      await host.files.append(file, JSON.stringify({ at, ...told }));
    },
  };
}

function entriesOf(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    try {
      const entry = JSON.parse(line) as Entry | null;
      return entry === null ? [] : [entry];
    } catch {
      // Torn by a kill in the middle of the write: the effect it announced never happened.
      return [];
    }
  });
}

function unfinishedOf(entries: readonly Entry[]): UnfinishedRun | null {
  let run: { verb: string; target: string } | null = null;
  const before = new Map<string, Remembered>();
  const open = new Set<string>();
  for (const entry of entries) {
    if (entry.event === 'begin') run = { verb: entry.verb, target: entry.target };
    else if (entry.event === 'before') {
      // The first memory of an unfinished run is the one from before anything was changed.
      if (!before.has(entry.step)) before.set(entry.step, entry.before);
      open.add(entry.step);
    } else if (entry.event === 'done') open.delete(entry.step);
    else if (entry.event === 'undone') {
      before.delete(entry.step);
      open.delete(entry.step);
    } else {
      run = null;
      before.clear();
      open.clear();
    }
  }
  return run === null ? null : { ...run, before, open };
}
