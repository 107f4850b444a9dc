// What is acknowledged is on the disk: counted by strace on the processes that write, and shown to be found
// when it is not. Needs strace, and the right to use it.

import { describe, expect, test } from '@jest/globals';
import { openTestDatabase, testDatabaseKind } from '../support/database.ts';
import { AT_ONCE, describeFigures, type Figures, measure, ONE_BY_ONE } from './measure.ts';
import { openSubject, type Plant } from './subject.ts';

const kind = testDatabaseKind();

/** Prints what it measured: the figures are worth reading when all is well, too. */
async function figuresOf(plant: Plant): Promise<Figures[]> {
  const database = await openTestDatabase();
  try {
    const figures = await measure(await openSubject(database, plant));
    const title = plant === 'none' ? kind : `${kind}, planted bug (${plant})`;
    for (const each of figures) process.stderr.write(`${title}: ${describeFigures(each)}\n`);
    return figures;
  } finally {
    await database.close();
  }
}

const tooFew = (figures: readonly Figures[]): string[] =>
  figures.filter(({ syncs, needed }) => syncs < needed).map(({ what }) => what);

describe('what is acknowledged is durable', () => {
  test('each person and each event has a commit and a sync before its answer', async () => {
    const figures = await figuresOf('none');
    expect(tooFew(figures)).toEqual([]);
    const alone = figures.filter(({ acknowledged }) => acknowledged === ONE_BY_ONE);
    expect(alone).toHaveLength(2);
    for (const { commits } of alone) expect(commits).toBeGreaterThanOrEqual(ONE_BY_ONE);
    const together = figures.find(({ acknowledged }) => acknowledged > ONE_BY_ONE);
    // Many at once share the waiting, or this test would not notice that they could.
    expect(together?.syncs).toBeLessThan(AT_ONCE * 5);
  });

  test('commits that return before they are durable are found, though the read-back lies', async () => {
    expect(tooFew(await figuresOf('hidden'))).toEqual(
      expect.arrayContaining(['people, one after another', 'device events, one after another']),
    );
  });

  test('the same without the lie is refused at the start, with what was expected and found', async () => {
    const wanted = {
      sqlite: 'expected synchronous FULL or EXTRA, found OFF',
      postgres: 'expected synchronous_commit on or remote_apply, found off',
    };
    await expect(figuresOf('open')).rejects.toThrow(wanted[kind]);
  });
});
