import { describe, expect, test } from '@jest/globals';
import { type Journal, openJournal } from '../../../installer/engine/journal.ts';
import type { MemoryTree } from '../../../installer/host/memory-files.ts';
import { recordingHost } from '../../../installer/host/recording-host.ts';
import { folder, playMachine } from '../support/played-machine.ts';

const FILE = '/srv/box/state/journal.ndjson';

function journalOf(text?: string): { journal: Journal; tree: MemoryTree } {
  const tree: MemoryTree = new Map();
  folder(tree, '/srv/box/state');
  if (text !== undefined) tree.set(FILE, { kind: 'file', text, mode: 0o600 });
  return { journal: openJournal(recordingHost(playMachine(tree), tree), FILE), tree };
}

describe('the journal', () => {
  test('without a file nothing is unfinished', async () => {
    expect(await journalOf().journal.unfinished()).toBeNull();
  });

  test('a run that ended is not unfinished', async () => {
    const { journal } = journalOf();
    await journal.tell({ event: 'begin', verb: 'apply', target: 'a' });
    await journal.tell({ event: 'before', step: 'one', before: null });
    await journal.tell({ event: 'end', outcome: 'done' });
    expect(await journal.unfinished()).toBeNull();
  });

  test('of a killed run it knows what was begun and what was before, the first time', async () => {
    const { journal } = journalOf();
    await journal.tell({ event: 'begin', verb: 'apply', target: 'a' });
    await journal.tell({ event: 'before', step: 'switch', before: 'old' });
    await journal.tell({ event: 'begin', verb: 'apply', target: 'b' });
    await journal.tell({ event: 'before', step: 'switch', before: 'half' });
    await journal.tell({ event: 'before', step: 'one', before: null });
    await journal.tell({ event: 'done', step: 'one' });
    const unfinished = await journal.unfinished();
    expect(unfinished?.target).toBe('b');
    expect(unfinished?.before.get('switch')).toBe('old');
    expect([...(unfinished?.open ?? [])]).toEqual(['switch']);
  });

  test('a torn last line is a line that was never written, and the next one stands alone', async () => {
    const begin = JSON.stringify({ at: '', event: 'begin', verb: 'apply', target: 'a' });
    const { journal } = journalOf(`${begin}\n{"at":"","event":"en`);
    expect(await journal.unfinished()).toMatchObject({ target: 'a' });
    await journal.tell({ event: 'end', outcome: 'done' });
    expect(await journal.unfinished()).toBeNull();
  });

  test('a long one is shortened, between two runs only', async () => {
    const end = JSON.stringify({ at: 'x'.repeat(200), event: 'end', outcome: 'done' });
    const { journal, tree } = journalOf(`${end}\n`.repeat(3_000));
    await journal.tell({ event: 'begin', verb: 'apply', target: 'a' });
    const entry = tree.get(FILE);
    const lines = entry?.kind === 'file' ? entry.text.trim().split('\n') : [];
    expect(lines.length).toBeLessThanOrEqual(501);
    expect(await journal.unfinished()).toMatchObject({ target: 'a' });
  });
});
